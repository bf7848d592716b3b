#include "broker/disk/file_check.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <string>

#include "broker/disk/crc32.hpp"
#include "broker/disk/database.hpp"
#include "net/uninterrupted.hpp"
#include "proto/bytes.hpp"

namespace baton::broker::disk {
namespace {

// LMDB 0.9, data version 1, 64 bit: a page begins with 16 bytes of header; then in a meta page (struct MDB_meta):
constexpr std::size_t meta_begin = 16, meta_size = 136;
constexpr std::size_t magic_at = 0, version_at = 4, page_size_at = 24, last_page_at = 120, transaction_at = 128;
constexpr std::uint32_t lmdb_magic = 0xBEEFC0DE, lmdb_version = 1;
constexpr std::size_t mark_size = 12;  // transaction, CRC
// A page at the file's end that a transaction takes and gives back again is counted, and never written. LMDB lets a
// transaction change no more pages than this (MDB_IDL_UM_MAX).
constexpr std::uint64_t most_never_written = 131'071;

struct Meta {
  std::uint64_t page_size, last_page, transaction;
};

std::optional<Meta> read_meta(std::ifstream& file, std::uint64_t at) {
  std::array<char, meta_size> raw{};
  file.clear();
  file.seekg(static_cast<std::streamoff>(at + meta_begin));
  if (!file.read(raw.data(), raw.size())) return std::nullopt;
  if (load<std::uint32_t>(&raw[magic_at]) != lmdb_magic) return std::nullopt;
  if ((load<std::uint32_t>(&raw[version_at]) & 0xffff) != lmdb_version) return std::nullopt;
  const Meta meta{load<std::uint32_t>(&raw[page_size_at]), load<std::uint64_t>(&raw[last_page_at]),
                  load<std::uint64_t>(&raw[transaction_at])};
  const bool sane = meta.page_size >= 512 && meta.page_size <= 65536 && (meta.page_size & (meta.page_size - 1)) == 0;
  return sane ? std::optional(meta) : std::nullopt;
}

std::uint32_t mark_crc(const char* bytes) { return crc32({bytes, sizeof(std::uint64_t)}); }

std::uint64_t read_mark(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, mark_size> raw{};
  if (!file || !file.read(raw.data(), raw.size())) return 0;
  if (load<std::uint32_t>(&raw[8]) != mark_crc(raw.data())) throw Damage(path.string() + " is damaged");
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
  const auto& newest = second->transaction > first->transaction ? *second : *first;
  if (newest.last_page - std::min(newest.last_page, size / newest.page_size) > most_never_written)
    throw Damage(data.string() + " is cut off: " + std::to_string(size) + " bytes instead of " +
                 std::to_string((newest.last_page + 1) * newest.page_size));
  if (newest.transaction < transaction)
    throw Damage(data.string() + " is damaged: its newest transaction is missing (" +
                 std::to_string(newest.transaction) + " instead of " + std::to_string(transaction) + ")");
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
