// Roles of clients and kinds of entries. A new one is a name here, a row in registry.cpp, and a
// section of PROTOCOL.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/header.hpp"
#include "proto/refusal.hpp"

namespace baton::internal {

enum class Role : std::uint8_t { producer, consumer, printer };
inline constexpr std::size_t role_count = 3;

/// As in a hello.
std::string_view name(Role role);
std::optional<Role> find_role(std::string_view name);
/// "producer, consumer or printer".
std::string role_names();

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

struct Entry;

/// A kind of which each entry can be checked by itself: those of control, outcome and console
/// messages.
struct KindInfo {
  EntryKind kind;
  MessageType type;                ///< of the messages that it is in
  std::optional<Role> sender;      ///< control: the one role that sends it; nothing: all do
  Refusal (*check)(const Entry&);  ///< whether its payload has the right form and size
};
/// nullptr: there is none.
const KindInfo* find_kind(EntryKind kind);

}  // namespace baton::internal
