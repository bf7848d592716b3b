#include "broker/items.hpp"

#include <cassert>

namespace baton::broker {

Items::Chunk& Items::chunk_for(std::uint64_t number) {
  if (chunks_.empty()) first_ = number;
  assert(number >= first_);
  while (number >= first_ + chunks_.size()) chunks_.emplace_back();
  auto& chunk = chunks_[number - first_];
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
  auto& chunk = chunks_[number - first_];
  chunk->items[id.value % chunk_items] = {};
  --size_;
  if (--chunk->live > 0) return;
  if (spare_.size() < 64) spare_.push_back(std::move(chunk));
  chunk.reset();
  while (!chunks_.empty() && !chunks_.front()) {
    chunks_.pop_front();
    ++first_;
  }
}

}  // namespace baton::broker
