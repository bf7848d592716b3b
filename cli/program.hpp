// Shared by the client programs' mains: options, signals, errors as exit codes.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "baton/options.hpp"
#include "cli/command_line.hpp"
#include "os/wake.hpp"

namespace baton::internal {

/// A range of seconds to draw from, "MIN:MAX" or one number for both.
struct SleepRange {
  double min = 0;
  double max = 0;

  bool none() const { return max <= 0; }
  std::chrono::steady_clock::duration draw() const;  ///< uniform; any thread
};
/// Throws std::invalid_argument.
SleepRange parse_sleep(const std::string& text);

/// Seconds, with fractions. Throws std::invalid_argument if they are negative, not a number, or
/// more than a year.
std::chrono::milliseconds parse_seconds(const std::string& text);

/// An unset variable in a script is not a name. Throws std::invalid_argument.
void check_name(const std::string& name);

/// The nouns for such values in error messages.
inline constexpr const char* seconds_text = "a number of seconds";
inline constexpr const char* sleep_text = "a range of seconds, such as 0:10";

/// The programs' text for a client's notice: a reason to wait, or that contact is back.
std::string notice_line(std::int32_t code, const std::string& text);
void log_to_stderr(std::int32_t level, std::int32_t code, const std::string& text);

/// The options of every client program. Call read() after parsing.
class CommonOptions {
 public:
  /// Adds --broker and --connect-timeout, and --tag and --no-tag if `with_tag`.
  CommonOptions(cli::CommandLine& line, bool with_tag);
  /// `log` is called while a call waits.
  Options read(baton::Log log = log_to_stderr) const;

 private:
  std::string broker_;
  std::chrono::milliseconds connect_timeout_;
  bool tag_ = false, no_tag_ = false;
};

/// Handles stop_signals(): the first signal calls the watcher's function on a thread of its own; a
/// second one calls its give_up function and then ends the process with code 128 + signal, unless
/// it comes within same_stop of the first. Create it before any other thread; from then on SIGPIPE
/// is ignored.
class StopSignals {
 public:
  /// `timeout` signals its child and then the whole group, so the child twice: that counts as one
  /// signal.
  static constexpr std::chrono::milliseconds same_stop{250};

  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  bool stopped() const { return stopped_.load(); }
  /// Readable once stopped().
  int fd() const { return stopped_fd_.fd(); }
  /// Sleeps until `time` is over, or stopped().
  void sleep(std::chrono::steady_clock::duration time) const;

  /// How long the give_up function may take.
  static constexpr std::chrono::milliseconds give_up_within{100};

  /// While it exists, the first signal calls `stop`, even if it came earlier, and the second one
  /// `give_up`. One at a time.
  class Watcher {
   public:
    Watcher(StopSignals& signals, std::function<void()> stop, std::function<void()> give_up = {});
    ~Watcher();
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

   private:
    StopSignals& signals_;
  };

 private:
  void watch();
  void give_up();

  int signals_;
  std::mutex mutex_;
  std::function<void()> stop_, give_up_;
  std::atomic<bool> stopped_ = false;
  Wake stopped_fd_, end_;
  std::thread thread_;
};

/// Prints "PROGRAM: what" on stderr and returns the exit code: 2 for errors caused by an option or
/// an unreachable broker, else 1.
int report(const std::string& program, const std::exception& error);

}  // namespace baton::internal
