// The put stream: items, and their producer's place in its input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/checkpoint.hpp"
#include "proto/entry.hpp"
#include "proto/ids.hpp"

namespace baton::internal {

inline constexpr std::uint16_t has_delay = 1;  ///< flag of an item entry

/// An item of the put stream.
struct PutItem {
  std::uint8_t priority = default_priority;
  std::uint32_t delay_ms = 0;
  std::string_view body;

  bool operator==(const PutItem&) const = default;
};
void append_item(std::string& out, const PutItem& item);
PutItem read_item(const Entry& entry);

void append_digest(std::string& out, const InputPlace& place);
InputPlace read_digest(const Entry& entry);

/// The content of a put message.
struct PutItems {
  std::vector<PutItem> items;       ///< bodies point into the frame
  std::uint64_t bytes = 0;          ///< of all bodies
  std::optional<InputPlace> place;  ///< in the input, after the last item, if given
};
void read_put(std::string_view payload, PutItems& put);  ///< `payload` must be checked; replaces
                                                         ///< `put`
/// Overwrites the place in a message's first entry; its flag for a new start stays.
void rewrite_digest(std::string& message, const InputPlace& place);

/// Whether a checked put payload begins with a digest.
inline bool begins_with_digest(std::string_view payload) {
  return payload.size() > 4 &&
         static_cast<EntryKind>(static_cast<std::uint8_t>(payload[4])) == EntryKind::digest;
}

/// Names a put to later brokers: by its number and its producer's key, which a broker derived from
/// the producer's name. Key 0: none.
struct PutName {
  std::uint64_t producer = 0;
  SeqNo number = {};

  PutName next() const { return {producer, number + 1}; }
  auto operator<=>(const PutName&) const = default;
};

/// Checks a message's payload.
Refusal check_puts(std::string_view payload, std::uint16_t count);

}  // namespace baton::internal
