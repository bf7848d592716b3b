// What of one session's control stream the next session says again.
#pragma once

#include <deque>
#include <vector>

#include "proto/stream.hpp"

namespace baton {

/// Sorts `ids` and packs them into runs, each id once.
std::vector<ItemRun> to_runs(std::vector<ItemId> ids);

/// The items that ack, fail and release entries in `blocks` name, appended to `ids`.
void settled_items(const std::deque<StreamSender::Block>& blocks, std::vector<ItemId>& ids);

/// Whether there are console lines in `blocks`.
bool has_lines(const std::deque<StreamSender::Block>& blocks);

/// Appends to `stream` what still holds of the entries in `blocks` with numbers beyond `received`: lines and join as they
/// are; ack, fail and release for the items in `kept` (sorted runs). What describes the old session's lane or its end is
/// left out: it is said anew.
void carry_over(const std::deque<StreamSender::Block>& blocks, Number received, const std::vector<ItemRun>& kept,
                StreamSender& stream);

}  // namespace baton
