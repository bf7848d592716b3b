// What a new session reclaims of what the session before it was given.
#pragma once

#include <cstdint>
#include <vector>

#include "proto/stream.hpp"

namespace baton::internal {

/// Sorted, each item once, when they are sent.
using Reclaims = std::vector<Reclaim>;

/// What `given` said of an item.
struct GivenMark {
  std::uint32_t deliveries = 1;
  PutName put = {};

  bool operator==(const GivenMark&) const = default;
};

/// Another item: part of the last reclaim where it follows that.
void add_to(Reclaims& reclaims, ItemId id, const GivenMark& mark);

std::uint64_t items_in(const Reclaims& reclaims);
bool contains(const Reclaims& reclaims, ItemId id);

/// Appends them to a stream, in entries that fit into its messages.
void append_to(StreamSender& stream, const Reclaims& reclaims);

}  // namespace baton::internal
