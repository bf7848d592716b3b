#include "broker/items.hpp"

#include <algorithm>
#include <cassert>

namespace baton::broker {

Items::Chunk& Items::chunk_for(std::uint64_t number) {
  if (windows_.empty() || number >= windows_.back().first + windows_.back().chunks.size() + longest_gap)
    windows_.emplace_back().first = number;
  auto& window = windows_.back();
  assert(number >= window.first);
  while (number >= window.first + window.chunks.size()) window.chunks.emplace_back();
  auto& chunk = window.chunks[number - window.first];
  if (chunk) return *chunk;
  if (spare_.empty()) {
    chunk = std::make_unique<Chunk>();
  } else {
    chunk = std::move(spare_.back());
    spare_.pop_back();
  }
  return *chunk;
}

void Items::remove(ItemId id) {
  const auto number = id.value / chunk_items;
  auto& chunk = *slot_of(number);
  chunk->items[id.value % chunk_items] = {};
  --size_;
  if (--chunk->live > 0) return;
  if (spare_.size() < 64) spare_.push_back(std::move(chunk));
  chunk.reset();
  trim(number);
}

/// Forgets what is empty at the front of the window that chunk `number` was in, and the window with its last chunk.
void Items::trim(std::uint64_t number) {
  const auto window =
      std::find_if(windows_.rbegin(), windows_.rend(), [&](const Window& one) { return number >= one.first; });
  while (!window->chunks.empty() && !window->chunks.front()) {
    window->chunks.pop_front();
    ++window->first;
  }
  if (window->chunks.empty()) windows_.erase(std::prev(window.base()));
}

}  // namespace baton::broker
