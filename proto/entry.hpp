// Entries: the numbered units of streams and links.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/bytes.hpp"
#include "proto/header.hpp"
#include "proto/refusal.hpp"
#include "proto/registry.hpp"

namespace baton::internal {

/// One entry of a payload of entries.
struct Entry {
  EntryKind kind{};
  std::uint8_t a = 0;
  std::uint16_t b = 0;
  std::string_view payload;
};
inline constexpr std::size_t entry_head_size = 8;

inline void append_entry_head(std::string& out, EntryKind kind, std::uint8_t a, std::uint16_t b,
                              std::size_t size) {
  char head[entry_head_size];
  store(head, static_cast<std::uint32_t>(size));
  head[4] = static_cast<char>(kind);
  head[5] = static_cast<char>(a);
  store(head + 6, b);
  out.append(head, sizeof head);
}

/// Walks the entries of a payload.
class EntryReader {
 public:
  explicit EntryReader(std::string_view payload) : rest_(payload) {}

  /// Takes the next entry. Returns false at the end, and for an incomplete entry (then !at_end()).
  bool next(Entry& entry) {
    if (rest_.size() < entry_head_size) return false;
    const auto size = load<std::uint32_t>(rest_.data());
    if (size > rest_.size() - entry_head_size) return false;
    entry.kind = static_cast<EntryKind>(static_cast<std::uint8_t>(rest_[4]));
    entry.a = static_cast<std::uint8_t>(rest_[5]);
    entry.b = load<std::uint16_t>(rest_.data() + 6);
    entry.payload = rest_.substr(entry_head_size, size);
    rest_.remove_prefix(entry_head_size + size);
    return true;
  }
  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }  ///< the part not taken yet

 private:
  std::string_view rest_;
};

/// Whether a payload consists of exactly `count` entries, all accepted by `check`.
template <class Check>
Refusal check_each(std::string_view payload, std::uint16_t count, Check check) {
  EntryReader in(payload);
  Entry entry;
  for (std::uint16_t i = 0; i < count; ++i) {
    if (!in.next(entry)) return Refusal::malformed;
    if (const auto refusal = check(entry); refusal != Refusal::none) return refusal;
  }
  return in.at_end() ? Refusal::none : Refusal::malformed;
}

/// Checks a whole payload before any of it is used: `count` entries, each of a kind that `type` may
/// contain, each with a well-formed payload.
Refusal check_entries(MessageType type, std::string_view payload, std::uint16_t count);

void append_entry(std::string& out, const Entry& entry);
/// Appends an entry with only that payload: died, part, or (empty) join, flush, empty.
void append_block(std::string& out, EntryKind kind, std::string_view block);

/// Whether an entry has no flags, and a payload of exactly this size.
template <std::size_t size>
Refusal check_size(const Entry& entry) {
  return entry.b == 0 && entry.payload.size() == size ? Refusal::none : Refusal::malformed;
}

}  // namespace baton::internal
