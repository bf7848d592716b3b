// Which parts of a session's control stream the next session repeats.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "client/reclaims.hpp"
#include "proto/stream.hpp"

namespace baton::internal {

/// Sorts `ids` and packs them into runs, each id once.
std::vector<ItemRun> to_runs(std::vector<ItemId> ids);

/// Appends to `ids` the items in unconfirmed ack and fail entries; with `released` also those in
/// release entries.
void settled_items(const StreamSender& stream, std::vector<ItemId>& ids, bool released = true);

/// Whether there are console lines that are not confirmed.
bool has_lines(const StreamSender& stream);

/// Whether the user holds that item. Empty: holds none.
using InHand = std::function<bool(ItemId)>;

/// Appends to `stream`, after the reclaims, the entries in `blocks` with numbers after `received`
/// that still apply: lines, join, ack and fail unchanged, release for items that are reclaimed. Of
/// an item settled several times its last entry is kept, and earlier failures unless that is an
/// ack. Nothing is kept for an item that is in hand: it was delivered again since. Entries about
/// the old session's link or its end are dropped: they are sent again.
void carry_over(const std::deque<StreamSender::Block>& blocks, SeqNo received,
                const Reclaims& reclaims, const InHand& in_hand, StreamSender& stream);

}  // namespace baton::internal
