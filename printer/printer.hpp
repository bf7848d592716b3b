// The printer library: the system's console lines, on one output.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "client/error.hpp"
#include "client/options.hpp"

namespace baton::internal {

/// Methods may be called from any thread, run() by one at a time. The connection is made and kept
/// in the background.
class Printer {
 public:
  explicit Printer(ClientOptions options);
  /// Calls close(), ignoring errors.
  ~Printer();
  Printer(const Printer&) = delete;
  Printer& operator=(const Printer&) = delete;

  /// Calls `write` with blocks of console lines, whole, in order, each once, until the system has
  /// shut down, or stop() or close() was called. If the broker no longer has all of them, a line in
  /// brackets says how many blocks are missing. `write` returns how many bytes it has written; a
  /// short write ends the run, and the next printer begins with the block that was cut. Throws
  /// ClientError: busy, unreachable, refused; and exceptions of `write`.
  void run(const std::function<std::size_t(std::string_view)>& write);

  /// From any thread: run() returns when the current write is done.
  void stop();

  /// Ends the session; the broker knows which block was printed last, and the next printer
  /// continues after it. Throws ClientError (close_unconfirmed) if it did not confirm `within` that
  /// time, or within goodbye_timeout. A second call does nothing.
  void close(TimeLimit within);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace baton::internal
