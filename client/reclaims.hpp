// What a new session reclaims: items delivered to the previous one.
#pragma once

#include <cstdint>
#include <vector>

#include "proto/stream.hpp"

namespace baton::internal {

/// When sent: sorted, each item once.
using Reclaims = std::vector<Reclaim>;

/// What the `given` entry said about an item.
struct GivenMark {
  std::uint32_t deliveries = 1;
  PutName put = {};

  bool operator==(const GivenMark&) const = default;
};

/// Adds an item, extending the last reclaim if consecutive.
void add_to(Reclaims& reclaims, ItemId id, const GivenMark& mark);

std::uint64_t items_in(const Reclaims& reclaims);
bool contains(const Reclaims& reclaims, ItemId id);

/// Appends them to a stream, in entries that fit into its messages.
void append_to(StreamSender& stream, const Reclaims& reclaims);

}  // namespace baton::internal
