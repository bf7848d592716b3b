// What streams and links are made of: numbered entries, one behind the other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/bytes.hpp"
#include "proto/header.hpp"
#include "proto/refusal.hpp"

namespace baton::internal {

/// One entry of a payload of entries. What `a` and `b` mean depends on the kind.
enum class EntryKind : std::uint8_t {
  // put stream
  item = 1,  ///< a: priority; b: flags (has_delay); payload: [delay u32 ms] body
  digest =
      2,  ///< a: 1 from the start; checkpoint of the input behind the message's last item. First
          ///< in its message, unnumbered
  // control stream
  request = 16,  ///< Request
  /// u32: how many requests are cancelled; each is answered by an item or by `empty`.
  cancel_requests = 17,
  ack = 18,      ///< runs of items: done. b = has_result (reserved): id u64, then the result
  fail = 19,     ///< id u64, delay u32 ms, reason (UTF-8)
  release = 20,  ///< runs of items: given back untouched
  /// b: flags (block_goes_on); u64: the print number; then a block of console lines, or a part of
  /// one
  print = 21,
  link_lost = 22,  ///< LinkLost: open another link for me
  join = 23,       ///< nothing: tell me at once when all my items are settled
  /// u64: the last number of the put stream; the session ends when both streams are in.
  close = 24,
  /// Runs of items that an earlier session of this client was given, each with its deliveries.
  reclaim = 25,
  /// The same of items that may not have been stored: each run with the put of its first item.
  reclaim_put = 26,
  /// u64: a number of the put stream; confirm at once when that, and this stream, is stored.
  flush = 27,
  // on a link
  delivery = 32,  ///< a: priority; b: attempt (1 for the first, 65535 for more); payload: Delivery,
                  ///< then the body
  empty = 33,     ///< nothing: the answer to a cancelled request
  part = 34,      ///< the next bytes of the body whose `delivery` was partial
  // in notifications, from the broker
  died = 48,    ///< JSON: an item of this producer is dead
  result = 49,  ///< reserved: an item's result
  /// Runs of items, to a consumer: it reclaimed them, and they are not its own any more.
  lost = 50,
  /// b: flags (block_goes_on); client u64, print number u64: whose it is; then a block, or a part.
  line = 64,
  /// u64: so many blocks are gone; alone in its message, it stands for all their numbers.
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

  /// Takes the next entry; false at the end, or when what follows is no whole entry (then
  /// !at_end()).
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
  std::string_view rest() const { return rest_; }  ///< what next() has not taken yet

 private:
  std::string_view rest_;
};

/// Whether a payload is so many entries and nothing else, in each of which `check` finds no fault.
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

/// Checks a whole payload before anything of it is used: `count` entries, each of a kind that
/// `type` may carry, each with a payload of the right form and size.
Refusal check_entries(MessageType type, std::string_view payload, std::uint16_t count);

/// An entry with that payload and nothing else: died, part, or (empty) join, flush, empty.
void append_block(std::string& out, EntryKind kind, std::string_view block);

/// Whether an entry's payload has exactly this size.
inline Refusal exactly(const Entry& entry, std::size_t size) {
  return entry.payload.size() == size ? Refusal::none : Refusal::malformed;
}

}  // namespace baton::internal
