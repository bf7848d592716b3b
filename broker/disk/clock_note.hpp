// Where the next process learns how far the kept clock is.
#pragma once

#include <filesystem>

#include "broker/disk/kept_clock.hpp"
#include "broker/disk/note.hpp"

namespace baton::broker::disk {

class ClockNote {
 public:
  /// Throws std::runtime_error when it cannot be written.
  explicit ClockNote(const std::filesystem::path& path) : note_(path) {}

  void write(const KeptClock::Reading& reading);
  /// What was noted in that file, or nothing; see Note::read().
  static KeptClock::Reading read(const std::filesystem::path& path);

 private:
  Note note_;
};

}  // namespace baton::broker::disk
