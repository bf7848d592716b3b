#include "client/carry_over.hpp"

#include <algorithm>
#include <cassert>
#include <unordered_map>

namespace baton::internal {
namespace {

template <class Each>
void each_entry(const StreamSender::Block& block, Each each) {
  EntryReader in(std::string_view(block.bytes).substr(header_size));
  Entry entry;
  for (SeqNo number = block.first; in.next(entry); number += 1) each(number, entry);
}

std::vector<ItemId> items_of(const Entry& entry) {
  std::vector<ItemId> ids;
  std::vector<ItemRun> runs;
  read_runs(entry, runs);
  for (const auto& run : runs)
    for (std::uint32_t i = 0; i < run.count; ++i) ids.push_back(run.first + i);
  return ids;
}

using Each = std::function<void(SeqNo, EntryKind, ItemId)>;

/// Calls `each` for each item that an entry settles.
void each_settled(SeqNo number, const Entry& entry, const Each& each) {
  if (entry.kind == EntryKind::fail) each(number, entry.kind, read_fail(entry).id);
  if (entry.kind != EntryKind::ack && entry.kind != EntryKind::release) return;
  for (const auto id : items_of(entry)) each(number, entry.kind, id);
}

/// The last entry that settles each item: after an earlier one the item would go to another
/// consumer before the last one is received. For an item in hand that entry is still to come.
class LastWords {
 public:
  explicit LastWords(const InHand& in_hand) : in_hand_(in_hand) {}
  void say(SeqNo number, EntryKind kind, ItemId id) { words_[id.value] = {number, kind}; }

  bool superseded(SeqNo number, EntryKind kind, ItemId id) const {
    if (in_hand_ && in_hand_(id)) return true;
    const auto& last = words_.at(id.value);
    return number < last.number && (kind == EntryKind::release || last.kind == EntryKind::ack);
  }

 private:
  struct Word {
    SeqNo number;
    EntryKind kind{};
  };
  const InHand& in_hand_;
  std::unordered_map<std::uint64_t, Word> words_;
};

/// An item that was released in the previous session, and is not reclaimed, becomes ready again
/// anyway.
void carry_runs(SeqNo number, const Entry& entry, const Reclaims& reclaims, const LastWords& last,
                StreamSender& stream) {
  auto ids = items_of(entry);
  std::erase_if(ids, [&](ItemId id) {
    return last.superseded(number, entry.kind, id) ||
           (entry.kind == EntryKind::release && !contains(reclaims, id));
  });
  if (ids.empty()) return;
  append_runs(stream.block_for(entry.payload.size()), entry.kind, to_runs(std::move(ids)));
  stream.appended(0);
}

void carry(SeqNo number, const Entry& entry, const Reclaims& reclaims, const LastWords& last,
           StreamSender& stream) {
  const auto size = entry_head_size + entry.payload.size();
  switch (entry.kind) {
    case EntryKind::fail:
      if (last.superseded(number, entry.kind, read_fail(entry).id)) return;
      [[fallthrough]];
    case EntryKind::join:
      append_block(stream.block_for(size), entry.kind, entry.payload);
      stream.appended(0);
      break;
    case EntryKind::print:
      append_print(stream.block_for(size), read_print(entry));
      stream.appended(read_print(entry).block.size());
      break;
    case EntryKind::ack:
    case EntryKind::release:
      carry_runs(number, entry, reclaims, last, stream);
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
      each_settled(number, entry, [&](SeqNo, EntryKind kind, ItemId id) {
        if (released || kind != EntryKind::release) ids.push_back(id);
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
  const auto say = [&](SeqNo number, EntryKind kind, ItemId id) { last.say(number, kind, id); };
  for (const auto& block : blocks)
    each_entry(block, [&](SeqNo number, const Entry& entry) { each_settled(number, entry, say); });
  for (const auto& block : blocks)
    each_entry(block, [&](SeqNo number, const Entry& entry) {
      if (number > received) carry(number, entry, reclaims, last, stream);
    });
}

}  // namespace baton::internal
