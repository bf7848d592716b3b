// A program's words to who runs it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace baton::internal {

/// Writes to a descriptor by a thread of its own, so that it neither holds up nor ends who logs:
/// not a reader that does not read, nor one that has gone, nor a full disk, nor a descriptor that
/// somebody else made non-blocking. From any thread.
class Log {
 public:
  explicit Log(int fd);
  /// flush(): then what is left is forgotten.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// One line, its end added; visible(), so `text` may be somebody else's. Returns at once. What
  /// cannot be written, or has to wait while waiting_bytes wait already, is left out; the next line
  /// that can be written is led by how many were.
  void line(std::string_view text);
  /// The same for our own text as it is: part of a line that is written over.
  void raw(std::string text);

  /// Waits until all is written or left out, at most `time_limit`.
  void flush();

  /// Lines left out so far.
  std::uint64_t left_out() const;

  static constexpr std::size_t waiting_bytes = 256u << 10;
  static constexpr std::chrono::milliseconds time_limit{1000};

 private:
  struct State;
  void add(std::string text);
  static bool start(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;  // shared with the thread, which may be stuck in a write for good
};

/// The process's stderr. What is written to it goes out before the process exits, if that takes no
/// longer than Log::time_limit; not before _exit().
Log& stderr_log();
inline void log_line(std::string_view text) { stderr_log().line(text); }

}  // namespace baton::internal
