// A process under test: started, read, waited for, signalled, measured. Nothing here sleeps: each
// wait is for an event, and has a deadline.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace baton::internal::e2e {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// The deadline of what should take no time worth mentioning, on a machine that has other things to
/// do, too.
inline constexpr Clock::duration soon = 20s;

/// A line without its newline, and when it was read.
struct Line {
  std::string text;
  Clock::time_point at;
};

/// What a process writes to one of its streams, line by line as it comes. Filled by the process's
/// reader, which never lets the pipe fill up.
class Output {
 public:
  /// The first line that was not taken yet; nothing when there is none by the deadline, or the
  /// stream has ended.
  std::optional<Line> next(Clock::duration within = soon);

  /// Takes lines until one contains `part`, and returns that one; nothing as in next().
  std::optional<Line> next_with(std::string_view part, Clock::duration within = soon);

  /// All lines so far, taken or not.
  std::vector<Line> lines() const;

  /// All bytes so far, an unfinished last line included.
  std::string text() const;

  /// What came after the last newline. With the process ended: a broken line.
  std::string unfinished() const;

 private:
  friend class Process;
  void add(std::string_view bytes);
  void end();
  bool wait_end(Clock::time_point deadline);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Line> lines_;
  std::size_t taken_ = 0;  // lines_[0..taken_) were returned by next()
  std::string unfinished_;
  bool ended_ = false;  // no more will come
};

/// A child process, which never outlives this object, nor the thread that made it.
class Process {
 public:
  /// Starts argv[0] with argv[1..]. Throws std::system_error if it cannot.
  explicit Process(const std::vector<std::string>& argv);
  Process(Process&&) noexcept = default;
  Process& operator=(Process&&) noexcept = default;
  ~Process();  // SIGKILL, unless it has ended

  pid_t pid() const { return state_->pid; }
  Output& out() { return state_->out; }
  Output& err() { return state_->err; }
  const Output& err() const { return state_->err; }

  /// Writes to its stdin. close_input() ends that stream.
  void write(std::string_view text);
  void close_input();

  void signal(int number);

  /// Its exit code, 128 + the signal that killed it, or nothing if it, and with it its streams,
  /// have not ended by the deadline.
  std::optional<int> wait(Clock::duration within = soon);

  /// What the process has used so far, all its threads together. It must not have been waited for.
  std::chrono::nanoseconds cpu_time() const;

  /// Its memory that no file backs, in bytes. It must not have been waited for.
  std::size_t memory() const;
  /// The most that it has had, files' included; 0 once it has ended.
  std::size_t peak_memory() const;

 private:
  struct State {
    State();
    ~State();
    void read_streams();
    void read_some(int& fd, Output& output);

    pid_t pid = -1;
    int pid_fd = -1;  // readable once the process has ended
    int stop = -1;    // readable once the reader is to leave
    int input = -1;   // -1 when closed
    int streams[2] = {-1, -1};
    Output out, err;
    std::optional<int> status;  // the exit code, once it was waited for
    std::thread reader;
  };

  std::unique_ptr<State> state_;
};

/// How often `words` stand in `text`.
std::size_t occurrences(std::string_view text, std::string_view words);

}  // namespace baton::internal::e2e
