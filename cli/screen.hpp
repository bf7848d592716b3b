// stderr, with a progress line that is overwritten repeatedly on a terminal.
#pragma once

#include <unistd.h>

#include <chrono>
#include <mutex>
#include <string>
#include <utility>

#include "os/log.hpp"

namespace baton::internal {

/// Any thread.
class Screen {
 public:
  bool shows_progress() const { return terminal_; }
  /// Shows it a few times a second at most, and only on a terminal.
  void show_progress(const std::string& line) {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (!terminal_ || now < shown_ + std::chrono::milliseconds(200)) return;
    shown_ = now;
    unfinished_ = true;
    stderr_log().raw("\r" + line);
  }
  void finish_progress(const std::string& line) {
    const std::lock_guard lock(mutex_);
    if (std::exchange(unfinished_, false)) stderr_log().raw("\r" + line + "\n");
  }
  /// Ends an unfinished progress line.
  void finish() {
    const std::lock_guard lock(mutex_);
    finish_line();
  }
  void print(const std::string& line) {
    const std::lock_guard lock(mutex_);
    finish_line();
    log_line(line);
  }

 private:
  void finish_line() {
    if (std::exchange(unfinished_, false)) stderr_log().raw("\n");
  }

  const bool terminal_ = isatty(STDERR_FILENO) == 1;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point shown_;
  bool unfinished_ = false;
};

}  // namespace baton::internal
