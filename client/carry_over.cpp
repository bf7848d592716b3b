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

std::vector<ItemId> items_of(const Entry& entry) {
  std::vector<ItemId> ids;
  std::vector<ItemRun> runs;
  read_runs(entry, runs);
  for (const auto& run : runs)
    for (std::uint32_t i = 0; i < run.count; ++i) ids.push_back(run.first + i);
  return ids;
}

/// What was given back under the session before is ready again, with it or without its word.
void carry_releases(const Entry& entry, const Claims& claims, StreamSender& stream) {
  auto ids = items_of(entry);
  std::erase_if(ids, [&](ItemId id) { return !contains(claims, id); });
  if (ids.empty()) return;
  append_runs(stream.block_for(entry.payload.size()), entry.kind, to_runs(std::move(ids)));
  stream.appended(0);
}

void carry(const Entry& entry, const Claims& claims, StreamSender& stream) {
  const auto size = entry_head_size + entry.payload.size();
  switch (entry.kind) {
    case EntryKind::say:
    case EntryKind::join:
    case EntryKind::ack:
    case EntryKind::fail:
      append_block(stream.block_for(size), entry.kind, entry.payload);
      stream.appended(entry.kind == EntryKind::say ? read_say(entry).block.size() : 0);
      break;
    case EntryKind::release:
      carry_releases(entry, claims, stream);
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

void settled_items(const StreamSender& stream, std::vector<ItemId>& ids, bool released) {
  for (const auto& block : stream.blocks())
    each_entry(block, [&](Number number, const Entry& entry) {
      if (number <= stream.confirmed()) return;
      if (entry.kind == EntryKind::fail) ids.push_back(read_fail(entry).id);
      if (entry.kind != EntryKind::ack && !(released && entry.kind == EntryKind::release)) return;
      const auto items = items_of(entry);
      ids.insert(ids.end(), items.begin(), items.end());
    });
}

bool has_lines(const StreamSender& stream) {
  bool lines = false;
  for (const auto& block : stream.blocks())
    each_entry(block, [&](Number number, const Entry& entry) {
      lines = lines || (number > stream.confirmed() && entry.kind == EntryKind::say);
    });
  return lines;
}

void carry_over(const std::deque<StreamSender::Block>& blocks, Number received, const Claims& claims,
                StreamSender& stream) {
  for (const auto& block : blocks)
    each_entry(block, [&](Number number, const Entry& entry) {
      if (number > received) carry(entry, claims, stream);
    });
}

}  // namespace baton
