// What goes over a delivery link: items, whole or in parts, and the answers to cancelled requests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/entry.hpp"
#include "proto/ids.hpp"
#include "proto/limits.hpp"
#include "proto/put_entries.hpp"

namespace baton::internal {

/// Flag in a delivery's payload: the name of its put follows.
inline constexpr std::uint16_t unstored = 1;
/// Flag in a delivery's payload: the body continues in `part` entries.
inline constexpr std::uint16_t partial = 2;
/// Flag in a delivery's payload: its put is the one after that of the entry before it.
inline constexpr std::uint16_t next_put = 4;
inline constexpr std::size_t delivery_flags = 10;  ///< offset of these flags

/// The fixed part of a `delivery` entry: everything about the delivered item.
struct Delivery {
  ItemId id;
  std::uint16_t queue = 0;    ///< index into the queues of the session's hello
  std::uint16_t attempt = 1;  ///< 1 for the first
  std::uint8_t priority = default_priority;
  std::string_view body;    ///< all of it, or its first part
  std::uint32_t whole = 0;  ///< if not 0: the size of the whole body; the rest comes in parts
  /// The delivery count. After a crash the consumer with the highest one holds the item.
  std::uint32_t deliveries = 1;
  /// Set if the broker is durable and the item may not be stored yet.
  PutName put = {};

  bool operator==(const Delivery&) const = default;
};
inline bool is_partial(const Entry& entry) {
  return entry.kind == EntryKind::delivery &&
         (load<std::uint16_t>(entry.payload.data() + delivery_flags) & partial) != 0;
}
/// `before`: the put of the previous entry in the message, if that is a whole item. If this put
/// follows it, it takes no bytes.
void append_delivery(std::string& out, const Delivery& delivery, const PutName& before = {});
Delivery read_delivery(const Entry& entry, const PutName& before = {});

/// Checks a message's payload.
Refusal check_deliveries(std::string_view payload, std::uint16_t count);

}  // namespace baton::internal
