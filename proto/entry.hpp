// Entries: the numbered units of streams and links.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/bytes.hpp"
#include "proto/header.hpp"
#include "proto/refusal.hpp"

namespace baton::internal {

/// Kind of an entry. The meaning of `a` and `b` depends on it.
enum class EntryKind : std::uint8_t {
  // put stream
  item = 1,  ///< a: priority; b: flags (has_delay); payload: [delay u32 ms] body
  /// a: 1 from the start; then the checkpoint of the input after the message's last item. First in
  /// its message, unnumbered.
  digest = 2,
  // control stream
  request = 16,  ///< Request
  /// u32: how many requests are cancelled; each is answered by an item or by `empty`.
  cancel_requests = 17,
  ack = 18,   ///< runs of items that are done. b = has_result (reserved): id u64, then the result
  fail = 19,  ///< id u64, delay u32 ms, reason (UTF-8)
  release = 20,  ///< runs of items, given back untouched
  /// b: flags (block_goes_on); u64: the print number; then a block of console lines, or a part
  print = 21,
  link_lost = 22,  ///< LinkLost: requests another link
  join = 23,       ///< empty; requests a report as soon as all items are settled
  /// u64: the last number of the put stream; the session ends when both streams have come in.
  close = 24,
  /// Runs of items delivered to an earlier session of this client, each with its delivery count.
  reclaim = 25,
  /// The same for items that may not have been stored: each run with the put of its first item.
  reclaim_put = 26,
  /// u64: a number of the put stream; requests a confirm as soon as that, and this stream, is
  /// stored.
  flush = 27,
  // on a link
  delivery = 32,  ///< a: priority; b: attempt (1 for the first, 65535 for more); payload: Delivery,
                  ///< then the body
  empty = 33,     ///< empty; the answer to a cancelled request
  part = 34,      ///< the next bytes of the body whose `delivery` was partial
  // in notifications, from the broker
  died = 48,    ///< JSON: an item of this producer is dead
  result = 49,  ///< reserved: an item's result
  /// Runs of items that a consumer has reclaimed and does not own any more.
  lost = 50,
  /// b: flags (block_goes_on); client u64, print number u64; then a block, or a part.
  line = 64,
  /// u64: how many blocks are missing; alone in its message, it takes all their numbers.
  dropped = 65,
};

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

/// Appends an entry with only that payload: died, part, or (empty) join, flush, empty.
void append_block(std::string& out, EntryKind kind, std::string_view block);

/// Whether an entry's payload has exactly this size.
inline Refusal exactly(const Entry& entry, std::size_t size) {
  return entry.payload.size() == size ? Refusal::none : Refusal::malformed;
}

}  // namespace baton::internal
