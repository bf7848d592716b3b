// A small file with one record and its CRC, overwritten in place.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace baton::internal::broker::disk {

/// Writes are not synced: after a power loss it may be some seconds behind.
class Note {
 public:
  /// Throws std::runtime_error if the file cannot be written.
  explicit Note(const std::filesystem::path& path);
  ~Note();
  Note(const Note&) = delete;
  Note& operator=(const Note&) = delete;

  /// Records must all have the same size. Errors are ignored: a note is useful, not essential.
  void write(std::string_view record);
  /// Waits until the last write is on disk.
  void sync();

  /// The record of `size` bytes in that file; nullopt if there is none, or if the file is empty or
  /// all zeros, which a power loss during the first write may leave. Later writes stay within one
  /// sector, so they happen or not. Throws Damage for anything else. Does not create the file.
  static std::optional<std::string> read(const std::filesystem::path& path, std::size_t size);

 private:
  int fd_;
};

}  // namespace baton::internal::broker::disk
