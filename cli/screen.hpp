// stderr, where a line that counts is written over and over on a terminal.
#pragma once

#include <unistd.h>

#include <chrono>
#include <mutex>
#include <string>
#include <utility>

#include "os/log.hpp"

namespace baton::internal {

/// From any thread.
class Screen {
 public:
  bool shows_progress() const { return terminal_; }
  /// A few times a second at most, and on a terminal only.
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
  /// The next line begins on a line of its own.
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
