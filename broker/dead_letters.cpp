#include "broker/dead_letters.hpp"

namespace baton::internal::broker {

void DeadLetters::keep(Queue& queue, ItemId id, const QueuedItem& item) {
  queue.dead_letters.push_back(id);
  by_death_.push_back(id);
  if (bytes_.size() <= queue.index) bytes_.resize(queue.index + 1);
  bytes_[queue.index] += item.size;
  ++books_.producer_of(item).counts.dead_letters;
  ++count_;
}

std::optional<ItemId> DeadLetters::surplus(const Queue& queue) {
  const auto of_queue = queue.dead_letters.size();
  if (of_queue > settings_.max_dead || (of_queue > 1 && bytes(queue) > settings_.max_bytes))
    return queue.dead_letters.front();
  if (count_ <= settings_.max_dead_total) return std::nullopt;
  while (!is_kept(by_death_.front())) by_death_.pop_front();
  return by_death_.front();
}

void DeadLetters::drop(ItemId id) {
  const auto& item = *books_.items.find(id);
  auto& queue = books_.queue_of(item);
  bytes_[queue.index] -= item.size;
  queue.dead_letters.pop_front();
  --books_.producer_of(item).counts.dead_letters;
  --count_;
  ++dropped_;
  if (by_death_.size() > 2 * count_ + 1000) forget_dropped();
}

bool DeadLetters::is_kept(ItemId id) const {
  const auto* item = books_.items.find(id);
  return item && item->place == Place::dead;
}

void DeadLetters::forget_dropped() {
  std::erase_if(by_death_, [this](ItemId id) { return !is_kept(id); });
}

}  // namespace baton::internal::broker
