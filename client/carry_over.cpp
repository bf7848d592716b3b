#include "client/carry_over.hpp"

#include <algorithm>

namespace baton {
namespace {

template <class Each>
void each_entry(const StreamSender::Block& block, Each each) {
  EntryReader in(std::string_view(block.bytes).substr(header_size));
  Entry entry;
  for (Number number = block.first; in.next(entry); number += 1) each(number, entry);
}

bool contains(const std::vector<ItemRun>& runs, ItemId id) {
  const auto after =
      std::upper_bound(runs.begin(), runs.end(), id, [](ItemId item, const ItemRun& run) { return item < run.first; });
  return after != runs.begin() && id.value - std::prev(after)->first.value < std::prev(after)->count;
}

std::vector<ItemId> items_of(const Entry& entry) {
  std::vector<ItemId> ids;
  std::vector<ItemRun> runs;
  read_runs(entry, runs);
  for (const auto& run : runs)
    for (std::uint32_t i = 0; i < run.count; ++i) ids.push_back(run.first + i);
  return ids;
}

void carry_runs(const Entry& entry, const std::vector<ItemRun>& kept, StreamSender& stream) {
  auto ids = items_of(entry);
  std::erase_if(ids, [&](ItemId id) { return !contains(kept, id); });
  if (ids.empty()) return;
  append_runs(stream.block_for(entry.payload.size()), entry.kind, to_runs(std::move(ids)));
  stream.appended(0);
}

void carry(const Entry& entry, const std::vector<ItemRun>& kept, StreamSender& stream) {
  const auto size = entry_head_size + entry.payload.size();
  switch (entry.kind) {
    case EntryKind::say:
      append_block(stream.block_for(size), EntryKind::say, entry.payload);
      stream.appended(entry.payload.size());
      break;
    case EntryKind::join:
      append_block(stream.block_for(size), EntryKind::join, {});
      stream.appended(0);
      break;
    case EntryKind::ack:
    case EntryKind::release:
      carry_runs(entry, kept, stream);
      break;
    case EntryKind::fail:
      if (!contains(kept, read_fail(entry).id)) break;
      append_fail(stream.block_for(size), read_fail(entry));
      stream.appended(0);
      break;
    default:
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

void settled_items(const std::deque<StreamSender::Block>& blocks, std::vector<ItemId>& ids) {
  for (const auto& block : blocks)
    each_entry(block, [&](Number, const Entry& entry) {
      if (entry.kind == EntryKind::fail) ids.push_back(read_fail(entry).id);
      if (entry.kind != EntryKind::ack && entry.kind != EntryKind::release) return;
      const auto items = items_of(entry);
      ids.insert(ids.end(), items.begin(), items.end());
    });
}

bool has_lines(const std::deque<StreamSender::Block>& blocks) {
  bool lines = false;
  for (const auto& block : blocks)
    each_entry(block, [&](Number, const Entry& entry) { lines = lines || entry.kind == EntryKind::say; });
  return lines;
}

void carry_over(const std::deque<StreamSender::Block>& blocks, Number received, const std::vector<ItemRun>& kept,
                StreamSender& stream) {
  for (const auto& block : blocks)
    each_entry(block, [&](Number number, const Entry& entry) {
      if (number > received) carry(entry, kept, stream);
    });
}

}  // namespace baton
