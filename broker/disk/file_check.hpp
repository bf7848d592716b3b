// Looks at an LMDB file from outside, before it is mapped: what LMDB itself does not check.
#pragma once

#include <cstdint>
#include <filesystem>

#include "broker/disk/note.hpp"

namespace baton::internal::broker::disk {

/// Throws Damage when the file has no valid meta page, or two whose transactions do not follow each
/// other, or is shorter than the newest one allows, or when that is older than the transaction that
/// `mark` names. An absent or empty file is a new one. A file that passes may still be cut off by
/// some pages: to read such a page, where it is needed, is a memory fault (FaultGuard).
void check_file(const std::filesystem::path& data, const std::filesystem::path& mark);

/// Whether the file still holds what this process last saw or wrote there: others may copy over it,
/// or cut it off.
class FileState {
 public:
  /// The file is open as `fd`, for as long as this is used.
  void begin(std::filesystem::path path, int fd);
  /// Throws Removed, naming the file, when its newest transaction is another one or when it has
  /// become shorter.
  void check() const;
  /// This process has written one transaction, `number`. Throws Removed when it is not the one
  /// after the last, or not in the file on top of that: then it is lost, or lies in a file that is
  /// not whole.
  void committed(std::uint64_t number);

 private:
  std::uint64_t size() const;
  void require(bool same) const;

  std::filesystem::path path_;
  int fd_ = -1;
  std::uint64_t last_ = 0, size_ = 0;
};

/// The number of the last transaction that was on disk, noted beside the data: a lost meta page
/// would else pass for an earlier state. It may be behind after a power loss, never ahead.
class LastTransaction {
 public:
  explicit LastTransaction(const std::filesystem::path& path) : note_(path) {}
  void write(std::uint64_t transaction);
  /// Before the data is replaced by a file that counts from the start.
  void reset();

 private:
  Note note_;
};

}  // namespace baton::internal::broker::disk
