#include "broker/disk/file_check.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <string>
#include <utility>

#include "broker/disk/crc32.hpp"
#include "broker/disk/database.hpp"
#include "broker/disk/in_place.hpp"
#include "broker/disk/lmdb_layout.hpp"
#include "net/uninterrupted.hpp"
#include "proto/bytes.hpp"

namespace baton::broker::disk {
namespace {

constexpr std::size_t mark_size = 12;  // transaction, CRC
// A page at the file's end that a transaction takes and gives back again is counted, and never written. LMDB lets a
// transaction change no more pages than this (MDB_IDL_UM_MAX).
constexpr std::uint64_t most_never_written = 131'071;

using lmdb::Meta;
using RawMeta = std::array<char, lmdb::meta_size>;

std::optional<Meta> read_meta(std::ifstream& file, std::uint64_t at) {
  RawMeta raw{};
  file.clear();
  file.seekg(static_cast<std::streamoff>(at + lmdb::page_header));
  return file.read(raw.data(), raw.size()) ? lmdb::read_meta(raw.data()) : std::nullopt;
}

std::optional<Meta> read_meta(int fd, std::uint64_t at) {
  RawMeta raw{};
  const auto got =
      uninterrupted([&] { return pread(fd, raw.data(), raw.size(), static_cast<off_t>(at + lmdb::page_header)); });
  return got == ssize_t{lmdb::meta_size} ? lmdb::read_meta(raw.data()) : std::nullopt;
}

/// The numbers of its two newest transactions, the older one first; 0 where there is none.
std::pair<std::uint64_t, std::uint64_t> newest_two(int fd) {
  const auto first = read_meta(fd, 0);
  const auto second = first ? read_meta(fd, first->page_size) : std::nullopt;
  if (!second) return {};
  return std::minmax({first->transaction, second->transaction});
}

/// Transactions go to the two pages in turns. In a new file there is none.
bool follow_each_other(const Meta& first, const Meta& second) {
  const auto even = first.transaction, odd = second.transaction;
  return (even == 0 && odd == 0) || (even % 2 == 0 && (odd == even + 1 || odd + 1 == even));
}

std::uint32_t mark_crc(const char* bytes) { return crc32({bytes, sizeof(std::uint64_t)}); }

std::uint64_t read_mark(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, mark_size> raw{};
  if (!file || file.peek() == std::ifstream::traits_type::eof()) return 0;
  const bool whole = static_cast<bool>(file.read(raw.data(), raw.size()));
  if (whole && raw == decltype(raw){}) return 0;  // its size was on disk before what was written, when the power went
  if (!whole || load<std::uint32_t>(&raw[8]) != mark_crc(raw.data())) throw Damage(path.string() + " is damaged");
  return load<std::uint64_t>(raw.data());
}

}  // namespace

void check_file(const std::filesystem::path& data, const std::filesystem::path& mark) {
  std::error_code error;
  const auto size = std::filesystem::file_size(data, error);
  const auto transaction = read_mark(mark);
  if (error || size == 0) {
    if (transaction > 1) throw Damage(data.string() + " is missing or empty, though items were kept there");
    return;
  }
  std::ifstream file(data, std::ios::binary);
  const auto first = read_meta(file, 0);
  const auto second = first ? read_meta(file, first->page_size) : std::nullopt;
  if (!first || !second) throw Damage(data.string() + " is damaged: its first pages are not what LMDB writes");
  if (!follow_each_other(*first, *second))
    throw Damage(data.string() + " is damaged: no transaction " + std::to_string(first->transaction) +
                 " is followed by " + std::to_string(second->transaction));
  const auto& newest = second->transaction > first->transaction ? *second : *first;
  if (newest.last_page - std::min(newest.last_page, size / newest.page_size) > most_never_written)
    throw Damage(data.string() + " is cut off: " + std::to_string(size) + " bytes instead of " +
                 std::to_string((newest.last_page + 1) * newest.page_size));
  if (newest.transaction < transaction)
    throw Damage(data.string() + " is damaged: its newest transaction is missing (" +
                 std::to_string(newest.transaction) + " instead of " + std::to_string(transaction) + ")");
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

/// Mapped pages are not touched: where the file was cut off, that is a memory fault.
void FileState::check() const {
  if (size() < size_) throw Removed(path_.string() + " was cut off while this broker used it");
  require(newest_two(fd_).second == last_);
}

void FileState::committed(std::uint64_t number) {
  require(number == last_ + 1 && newest_two(fd_) == std::pair(last_, number));
  last_ = number;
  size_ = std::max(size_, size());
}

TransactionMark::TransactionMark(const std::filesystem::path& path)
    : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
  if (fd_ < 0) throw std::runtime_error("cannot write " + path.string());
}

TransactionMark::~TransactionMark() { ::close(fd_); }

void TransactionMark::write(std::uint64_t transaction) {
  std::array<char, mark_size> raw{};
  store(raw.data(), transaction);
  store(&raw[8], mark_crc(raw.data()));
  static_cast<void>(uninterrupted([&] { return pwrite(fd_, raw.data(), raw.size(), 0); }));  // of use only, not needed
}

void TransactionMark::reset() {
  write(0);
  uninterrupted([&] { return fdatasync(fd_); });
}

}  // namespace baton::broker::disk
