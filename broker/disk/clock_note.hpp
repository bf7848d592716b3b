// Tells the next process where the storage clock was.
#pragma once

#include <filesystem>

#include "broker/disk/note.hpp"
#include "broker/log/storage_clock.hpp"

namespace baton::internal::broker::disk {

class ClockNote {
 public:
  /// Throws std::runtime_error if the file cannot be written.
  explicit ClockNote(const std::filesystem::path& path) : note_(path) {}

  void write(const log::StorageClock::Reading& reading);
  /// The reading noted in that file, or nothing; see Note::read().
  static log::StorageClock::Reading read(const std::filesystem::path& path);

 private:
  Note note_;
};

}  // namespace baton::internal::broker::disk
