// A program's log, for its operator.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace baton::internal {

/// Writes to a descriptor from a thread of its own, so that it never blocks or ends the caller:
/// with a reader that does not read or has gone, a full disk, or a descriptor that some other
/// program made non-blocking. Any thread.
class Log {
 public:
  explicit Log(int fd);
  /// Calls flush(), and drops what is left.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// Logs one line, adding its end; made visible(), so `text` may be foreign. Returns at once. A
  /// line that cannot be written, or comes while waiting_bytes are waiting, is left out; the next
  /// written line begins with the number of lines left out.
  void line(std::string_view text);
  /// Writes our own text unchanged: part of a line that is overwritten later.
  void raw(std::string text);

  /// Waits until everything is written or left out, at most `time_limit`.
  void flush();

  /// Lines left out so far.
  std::uint64_t left_out() const;

  static constexpr std::size_t waiting_bytes = 256u << 10;
  static constexpr std::chrono::milliseconds time_limit{1000};

 private:
  struct State;
  void add(std::string text);
  static bool start(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;  // shared with the thread, which may hang in a write forever
};

/// The process's stderr. Pending lines are written before the process exits, for at most
/// Log::time_limit; not before _exit().
Log& stderr_log();
inline void log_line(std::string_view text) { stderr_log().line(text); }

}  // namespace baton::internal
