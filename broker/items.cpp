#include "broker/items.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>

namespace baton::internal::broker {

Items::Chunk* Items::search(std::uint64_t number) {
  const auto window = window_of(number);
  if (window == windows_.end()) return nullptr;
  const auto& chunk = window->chunks[number - window->first];
  return chunk ? &recent_.note(number, *chunk) : nullptr;
}

/// Returns the existing chunk, if any.
Items::Chunk& Items::make_chunk(std::uint64_t number) {
  if (windows_.empty() || number >= windows_.back().end() + shortest_split)
    windows_.emplace_back().first = number;
  auto& window = windows_.back();
  assert(number >= window.first);
  for (; number >= window.end(); ++window.empty) window.chunks.emplace_back();
  auto& chunk = window.chunks[number - window.first];
  if (chunk) return *chunk;
  --window.empty;
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
  auto* chunk = chunk_of(number);
  chunk->items[id.value % chunk_items] = {};
  --size_;
  if (--chunk->live == 0) free_chunk(number);
}

void Items::free_chunk(std::uint64_t number) {
  recent_.forget(number);
  const auto window = window_of(number);
  auto& chunk = window->chunks[number - window->first];
  if (spare_.size() < 64) spare_.push_back(std::move(chunk));
  chunk.reset();
  ++window->empty;
  trim(window);
}

/// Removes empty chunks at the window's front, and the window with its last chunk.
void Items::trim(Windows::iterator window) {
  for (; !window->chunks.empty() && !window->chunks.front(); ++window->first, --window->empty)
    window->chunks.pop_front();
  if (window->chunks.empty())
    windows_.erase(window);
  else if (window->empty > most_empty && window->empty > window->chunks.size() / 2)
    split(window);
}

/// One old item must not keep the slots of all later ones: replaces the window by one for each part
/// between long gaps.
void Items::split(Windows::iterator window) {
  Windows parts;
  auto number = window->first;
  for (auto& chunk : window->chunks) {
    if (chunk) {
      if (parts.empty() || number >= parts.back().end() + shortest_split)
        parts.emplace_back().first = number;
      auto& part = parts.back();
      for (; number > part.end(); ++part.empty) part.chunks.emplace_back();
      part.chunks.push_back(std::move(chunk));
    }
    ++number;
  }
  const auto at = windows_.erase(window);
  windows_.insert(at, std::make_move_iterator(parts.begin()), std::make_move_iterator(parts.end()));
}

Items::Windows::iterator Items::window_of(std::uint64_t number) {
  const auto after =
      std::upper_bound(windows_.begin(), windows_.end(), number,
                       [](std::uint64_t one, const Window& window) { return one < window.first; });
  if (after == windows_.begin()) return windows_.end();
  const auto window = std::prev(after);
  return number < window->end() ? window : windows_.end();
}

}  // namespace baton::internal::broker
