// What a new session claims of what the session before it was given.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "proto/stream.hpp"

namespace baton {

/// Sorted, each item once.
using Claims = std::vector<Claim>;

/// Sorts `ids` and packs them into claims. `deliveries` is called with an id, for the count of its deliveries.
Claims to_claims(std::vector<ItemId> ids, const std::function<std::uint32_t(ItemId)>& deliveries);

std::uint64_t items_in(const Claims& claims);
bool contains(const Claims& claims, ItemId id);

/// Appends them to a stream, in entries that fit into its messages.
void append_to(StreamSender& stream, const Claims& claims);

}  // namespace baton
