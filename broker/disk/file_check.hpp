// Looks at an LMDB file from outside, before it is mapped: what LMDB itself does not check.
#pragma once

#include <cstdint>
#include <filesystem>

namespace baton::broker::disk {

/// Throws Damage when the file has no valid meta page, or is shorter than the newest one allows, or when that is older
/// than the transaction that `mark` names. An absent or empty file is a new one. A file that passes may still be cut off
/// by some pages: to read such a page, where it is needed, is a memory fault (FaultGuard).
void check_file(const std::filesystem::path& data, const std::filesystem::path& mark);

/// The number of the last transaction that was on disk, noted beside the data: a lost meta page would else pass for an
/// earlier state. It may be behind after a power loss, never ahead.
class TransactionMark {
 public:
  explicit TransactionMark(const std::filesystem::path& path);
  ~TransactionMark();
  TransactionMark(const TransactionMark&) = delete;
  TransactionMark& operator=(const TransactionMark&) = delete;
  void write(std::uint64_t transaction);
  /// Before the data is replaced by a file that counts anew.
  void reset();

 private:
  int fd_;
};

}  // namespace baton::broker::disk
