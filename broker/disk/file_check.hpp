// Checks an LMDB file before it is mapped, for what LMDB itself does not check.
#pragma once

#include <cstdint>
#include <filesystem>

#include "broker/disk/note.hpp"

namespace baton::internal::broker::disk {

/// Throws Damage if the file has no valid meta page, or two whose transactions are not consecutive,
/// if it is shorter than the newest meta page allows, or if that is older than the transaction
/// noted in `mark`. An absent or empty file is new. A file that passes may still lack some pages at
/// its end: reading one is a memory fault (FaultGuard).
void check_file(const std::filesystem::path& data, const std::filesystem::path& mark);

/// Whether the file still holds what this process last read or wrote there: others may overwrite or
/// truncate it.
class FileState {
 public:
  /// The file is open as `fd` while this object is used.
  void begin(std::filesystem::path path, int fd);
  /// Throws Removed, naming the file, if its newest transaction has changed or it has become
  /// shorter.
  void check() const;
  /// This process has written one transaction, `number`. Throws Removed if that is not the one
  /// after the last, or not the newest in the file: then it is lost, or in a file that is not
  /// whole.
  void committed(std::uint64_t number);

 private:
  std::uint64_t size() const;
  void require(bool same) const;

  std::filesystem::path path_;
  int fd_ = -1;
  std::uint64_t last_ = 0, size_ = 0;
};

/// The number of the last transaction on disk, noted beside the data; without it a lost meta page
/// would look like an earlier state. After a power loss it may be behind, never ahead.
class LastTransaction {
 public:
  explicit LastTransaction(const std::filesystem::path& path) : note_(path) {}
  void write(std::uint64_t transaction);
  /// Call it before the data is replaced by a file that counts from the start.
  void reset();

 private:
  Note note_;
};

}  // namespace baton::internal::broker::disk
