// Where the next process learns how far the kept clock is.
#pragma once

#include <filesystem>

#include "broker/disk/kept_clock.hpp"

namespace baton::broker::disk {

/// A file that is written in place, and not waited for: after a loss of power it may be some seconds behind.
class ClockNote {
 public:
  /// Throws std::runtime_error when it cannot be written.
  explicit ClockNote(const std::filesystem::path& path);
  ~ClockNote();
  ClockNote(const ClockNote&) = delete;
  ClockNote& operator=(const ClockNote&) = delete;

  void write(const KeptClock::Reading& reading);
  /// What was noted in that file; nothing where there is none, or what a loss of power may leave of the first note: an
  /// empty file, or one of zeros. A later one lies in a sector with the one before, and is there or not. Throws Damage for
  /// all else. Makes no file.
  static KeptClock::Reading read(const std::filesystem::path& path);

 private:
  int fd_;
};

}  // namespace baton::broker::disk
