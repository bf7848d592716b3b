// A small file of one record, written over in place: what it says, and the CRC of that.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace baton::internal::broker::disk {

/// It is not waited for: after a loss of power it may be some seconds behind.
class Note {
 public:
  /// Throws std::runtime_error when the file cannot be written.
  explicit Note(const std::filesystem::path& path);
  ~Note();
  Note(const Note&) = delete;
  Note& operator=(const Note&) = delete;

  /// As many bytes each time. What fails is not told: a note is of use, and not needed.
  void write(std::string_view record);
  /// Returns when what was written is on disk.
  void sync();

  /// The record of `size` bytes in that file; nothing where there is none, or what a loss of power
  /// may leave of the first one: an empty file, or one of zeros. A later one lies in a sector with
  /// the one before, and is there or not. Throws Damage for all else. Makes no file.
  static std::optional<std::string> read(const std::filesystem::path& path, std::size_t size);

 private:
  int fd_;
};

}  // namespace baton::internal::broker::disk
