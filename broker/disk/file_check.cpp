#include "broker/disk/file_check.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>
#include <utility>

#include "broker/disk/database.hpp"
#include "broker/disk/in_place.hpp"
#include "broker/disk/lmdb_layout.hpp"
#include "os/uninterrupted.hpp"
#include "proto/bytes.hpp"

namespace baton::internal::broker::disk {
namespace {

// A page at the file's end that a transaction takes and gives back is counted, and never written.
// LMDB limits the pages changed by a transaction to this (MDB_IDL_UM_MAX).
constexpr std::uint64_t most_never_written = 131'071;

using lmdb::Meta;

std::optional<lmdb::Metas> read_metas(int fd) {
  return lmdb::read_metas([fd](std::uint64_t at, char* raw) {
    const auto got =
        uninterrupted([&] { return pread(fd, raw, lmdb::meta_size, static_cast<off_t>(at)); });
    return got == ssize_t{lmdb::meta_size};
  });
}

std::optional<lmdb::Metas> read_metas(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return lmdb::read_metas([&file](std::uint64_t at, char* raw) {
    file.seekg(static_cast<std::streamoff>(at));
    return static_cast<bool>(file.read(raw, lmdb::meta_size));
  });
}

/// The numbers of the file's two newest transactions, the older one first; 0 if there is none.
std::pair<std::uint64_t, std::uint64_t> newest_two(int fd) {
  const auto metas = read_metas(fd);
  if (!metas) return {};
  return std::minmax({metas->first.transaction, metas->second.transaction});
}

/// Transactions use the two pages alternately. A new file has none.
bool follow_each_other(const Meta& first, const Meta& second) {
  const auto even = first.transaction, odd = second.transaction;
  return (even == 0 && odd == 0) || (even % 2 == 0 && (odd == even + 1 || odd + 1 == even));
}

std::uint64_t read_last_transaction(const std::filesystem::path& path) {
  const auto record = Note::read(path, sizeof(std::uint64_t));
  return record ? load<std::uint64_t>(record->data()) : 0;
}

}  // namespace

void check_file(const std::filesystem::path& data, const std::filesystem::path& mark) {
  std::error_code error;
  const auto size = std::filesystem::file_size(data, error);
  const auto transaction = read_last_transaction(mark);
  if (error || size == 0) {
    if (transaction > 1)
      throw Damage(data.string() + " is missing or empty, though items were stored there");
    return;
  }
  const auto metas = read_metas(data);
  if (!metas) throw Damage(data.string() + " is damaged: its first pages are not what LMDB writes");
  const auto& [first, second] = *metas;
  if (!follow_each_other(first, second))
    throw Damage(data.string() + " is damaged: no transaction " +
                 std::to_string(first.transaction) + " is followed by " +
                 std::to_string(second.transaction));
  const auto& newest = second.transaction > first.transaction ? second : first;
  if (newest.last_page - std::min(newest.last_page, size / newest.page_size) > most_never_written)
    throw Damage(data.string() + " is cut off: " + std::to_string(size) + " bytes instead of " +
                 std::to_string((newest.last_page + 1) * newest.page_size));
  if (newest.transaction < transaction)
    throw Damage(data.string() + " is damaged: its newest transaction is missing (" +
                 std::to_string(newest.transaction) + " instead of " + std::to_string(transaction) +
                 ")");
}

void FileState::begin(std::filesystem::path path, int fd) {
  path_ = std::move(path);
  fd_ = fd;
  last_ = newest_two(fd).second;
  size_ = size();
}

std::uint64_t FileState::size() const {
  struct stat file {};
  return fstat(fd_, &file) == 0 ? static_cast<std::uint64_t>(file.st_size) : 0;
}

void FileState::require(bool same) const {
  if (!same) throw Removed(path_.string() + " was changed by others while this broker used it");
}

/// Does not touch mapped pages: if the file was truncated, that would be a memory fault.
void FileState::check() const {
  if (size() < size_) throw Removed(path_.string() + " was cut off while this broker used it");
  require(newest_two(fd_).second == last_);
}

void FileState::committed(std::uint64_t number) {
  require(number == last_ + 1 && newest_two(fd_) == std::pair(last_, number));
  last_ = number;
  size_ = std::max(size_, size());
}

void LastTransaction::write(std::uint64_t transaction) {
  std::string record;
  append(record, transaction);
  note_.write(record);
}

void LastTransaction::reset() {
  write(0);
  note_.sync();
}

}  // namespace baton::internal::broker::disk
