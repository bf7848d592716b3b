// What of one session's control stream the next session says again.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "client/reclaims.hpp"
#include "proto/stream.hpp"

namespace baton::internal {

/// Sorts `ids` and packs them into runs, each id once.
std::vector<ItemRun> to_runs(std::vector<ItemId> ids);

/// The items that ack and fail entries name which are not confirmed, appended to `ids`; where
/// `released`, those of release entries, too.
void settled_items(const StreamSender& stream, std::vector<ItemId>& ids, bool released = true);

/// Whether there are console lines that are not confirmed.
bool has_lines(const StreamSender& stream);

/// Whether the user has that item in hand. Empty: has none.
using InHand = std::function<bool(ItemId)>;

/// Appends to `stream`, behind the reclaims, what still holds of the entries in `blocks` with
/// numbers beyond `received`: lines, join, ack and fail as they are, release for items that are
/// reclaimed; of an item that was settled more than once its last word, and before that failures,
/// unless it was acked then. Nothing of one that is in hand: it was given again since. What
/// describes the old session's link or its end is left out: it is sent again.
void carry_over(const std::deque<StreamSender::Block>& blocks, SeqNo received,
                const Reclaims& reclaims, const InHand& in_hand, StreamSender& stream);

}  // namespace baton::internal
