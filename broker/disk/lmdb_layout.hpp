// The file layout of LMDB 0.9: data version 1, 64 bit, little-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "proto/bytes.hpp"

namespace baton::internal::broker::disk::lmdb {

// A page begins with its number (8 bytes), 2 unused bytes, its kind (2), and either the bounds of
// its free room (2 each) or the number of pages it extends over (4).
constexpr std::size_t page_header = 16, kind_at = 10, room_begin_at = 12, room_end_at = 14,
                      length_at = 12;
enum Kind : std::uint16_t { branch = 1, leaf = 2, overflow = 4 };

// In a branch or leaf the offsets of its nodes follow (2 bytes each). A node begins with a size or
// the lower bits of a page number (4), flags or its upper bits (2), and the size of its key (2);
// then the key; then the value or its page.
constexpr std::size_t node_header = 8, node_flags_at = 4, key_size_at = 6;
enum NodeFlags : std::uint16_t { in_overflow = 1, database = 2 };

// A database: 4 unused bytes, flags (2), depth (2), then 8 bytes each.
constexpr std::size_t database_size = 48;
constexpr std::size_t flags_at = 4, depth_at = 6, branches_at = 8, leaves_at = 16,
                      overflows_at = 24, entries_at = 32, root_at = 40;
constexpr std::uint64_t no_page = UINT64_MAX;
constexpr std::uint16_t deepest = 32;
constexpr std::uint16_t integer_keys = 8,
                        one_file = 0x4000;  // one_file is set for the database of free pages

// The first two pages are meta pages; the one with the higher transaction counts.
constexpr std::uint64_t meta_pages = 2;
constexpr std::size_t meta_size = 136;
constexpr std::size_t magic_at = 0, version_at = 4, free_at = 24, main_at = 72, last_page_at = 120,
                      transaction_at = 128;
constexpr std::uint32_t magic = 0xBEEFC0DE, version = 1;

struct Meta {
  std::uint64_t page_size, last_page, transaction;
};

/// Parses the `meta_size` bytes after a page's header; nullopt if they are not a meta page.
inline std::optional<Meta> read_meta(const char* raw) {
  if (load<std::uint32_t>(raw + magic_at) != magic) return std::nullopt;
  if ((load<std::uint32_t>(raw + version_at) & 0xffff) != version) return std::nullopt;
  const Meta meta{
      load<std::uint32_t>(raw + free_at),  // the page size is kept in an unused field of the
                                           // database of free pages
      load<std::uint64_t>(raw + last_page_at), load<std::uint64_t>(raw + transaction_at)};
  const bool sane = meta.page_size >= 512 && meta.page_size <= 65536 &&
                    (meta.page_size & (meta.page_size - 1)) == 0;
  return sane ? std::optional(meta) : std::nullopt;
}

struct Metas {
  Meta first, second;
};

/// Both meta pages of a file: `read` copies `meta_size` bytes from an offset of it into memory, and
/// returns whether they exist. nullopt if one is missing or is not a meta page.
template <class Read>
std::optional<Metas> read_metas(Read read) {
  char raw[meta_size];
  const auto first = read(page_header, raw) ? read_meta(raw) : std::nullopt;
  if (!first || !read(first->page_size + page_header, raw)) return std::nullopt;
  const auto second = read_meta(raw);
  return second ? std::optional(Metas{*first, *second}) : std::nullopt;
}

}  // namespace baton::internal::broker::disk::lmdb
