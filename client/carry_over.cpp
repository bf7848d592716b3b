#include "client/carry_over.hpp"

#include <algorithm>
#include <cassert>
#include <unordered_map>

#include "proto/settlement.hpp"

namespace baton::internal {
namespace {

template <class Each>
void each_entry(const StreamSender::Block& block, Each each) {
  EntryReader in(std::string_view(block.bytes).substr(header_size));
  Entry entry;
  for (SeqNo number = block.first; in.next(entry); number += 1) each(number, entry);
}

/// Calls each(number, settlement) for each item that an entry settles.
template <class Each>
void each_settled(SeqNo number, const Entry& entry, Each each) {
  if (!settles(entry.kind)) return;
  each_settlement(entry, [&](const Settlement& settlement) {
    each(number, settlement);
    return true;
  });
}

/// The last entry that settles each item: after an earlier one the item would go to another
/// consumer before the last one is received. For an item in hand that entry is still to come.
class LastWords {
 public:
  explicit LastWords(const InHand& in_hand) : in_hand_(in_hand) {}
  void say(SeqNo number, const Settlement& settlement) {
    words_[settlement.id.value] = {number, settlement.kind};
  }

  bool superseded(SeqNo number, const Settlement& settlement) const {
    if (in_hand_ && in_hand_(settlement.id)) return true;
    const auto& last = words_.at(settlement.id.value);
    return number < last.number &&
           (settlement.kind == Settlement::Kind::released || last.kind == Settlement::Kind::done);
  }

 private:
  struct Word {
    SeqNo number;
    Settlement::Kind kind{};
  };
  const InHand& in_hand_;
  std::unordered_map<std::uint64_t, Word> words_;
};

/// An item that was released in the previous session, and is not reclaimed, becomes ready again
/// anyway.
void carry_settled(SeqNo number, const Entry& entry, const Reclaims& reclaims,
                   const LastWords& last, StreamSender& stream) {
  std::vector<ItemId> ids;
  bool all = true;
  each_settled(number, entry, [&](SeqNo, const Settlement& settlement) {
    const bool drop =
        last.superseded(number, settlement) ||
        (settlement.kind == Settlement::Kind::released && !contains(reclaims, settlement.id));
    all = all && !drop;
    if (!drop) ids.push_back(settlement.id);
  });
  if (ids.empty()) return;
  auto& block = stream.block_for(entry_head_size + entry.payload.size());
  if (all)
    append_entry(block, entry);
  else
    append_runs(block, entry.kind, to_runs(std::move(ids)));
  stream.appended(0);
}

void carry(SeqNo number, const Entry& entry, const Reclaims& reclaims, const LastWords& last,
           StreamSender& stream) {
  const auto size = entry_head_size + entry.payload.size();
  if (settles(entry.kind)) return carry_settled(number, entry, reclaims, last, stream);
  switch (entry.kind) {
    case EntryKind::join:
      append_entry(stream.block_for(size), entry);
      stream.appended(0);
      break;
    case EntryKind::print:
      append_print(stream.block_for(size), read_print(entry));
      stream.appended(read_print(entry).block.size());
      break;
    case EntryKind::request:
    case EntryKind::cancel_requests:
    case EntryKind::link_lost:
    case EntryKind::reclaim:
    case EntryKind::reclaim_put:
    case EntryKind::flush:
    case EntryKind::close:
      break;  // of that session: the new one says them for itself
    default:
      assert(false);  // a new kind: is it to be carried over?
      break;
  }
}

}  // namespace

std::vector<ItemRun> to_runs(std::vector<ItemId> ids) {
  std::sort(ids.begin(), ids.end());
  std::vector<ItemRun> runs;
  for (const auto id : ids) {
    if (!runs.empty() && id < runs.back().first + runs.back().count) continue;
    if (!runs.empty() && id == runs.back().first + runs.back().count)
      ++runs.back().count;
    else
      runs.push_back({id, 1});
  }
  return runs;
}

void settled_items(const StreamSender& stream, std::vector<ItemId>& ids, bool released) {
  for (const auto& block : stream.blocks())
    each_entry(block, [&](SeqNo number, const Entry& entry) {
      if (number <= stream.confirmed()) return;
      each_settled(number, entry, [&](SeqNo, const Settlement& settlement) {
        if (released || settlement.kind != Settlement::Kind::released) ids.push_back(settlement.id);
      });
    });
}

bool has_lines(const StreamSender& stream) {
  bool lines = false;
  for (const auto& block : stream.blocks())
    each_entry(block, [&](SeqNo number, const Entry& entry) {
      lines = lines || (number > stream.confirmed() && entry.kind == EntryKind::print);
    });
  return lines;
}

void carry_over(const std::deque<StreamSender::Block>& blocks, SeqNo received,
                const Reclaims& reclaims, const InHand& in_hand, StreamSender& stream) {
  LastWords last(in_hand);
  const auto say = [&](SeqNo number, const Settlement& settlement) {
    last.say(number, settlement);
  };
  for (const auto& block : blocks)
    each_entry(block, [&](SeqNo number, const Entry& entry) { each_settled(number, entry, say); });
  for (const auto& block : blocks)
    each_entry(block, [&](SeqNo number, const Entry& entry) {
      if (number > received) carry(number, entry, reclaims, last, stream);
    });
}

}  // namespace baton::internal
