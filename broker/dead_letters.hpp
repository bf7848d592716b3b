// Dead letters: the last dead items of each queue, and of all queues together.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "broker/books.hpp"
#include "broker/queue.hpp"
#include "broker/settings.hpp"

namespace baton::internal::broker {

class DeadLetters {
 public:
  /// Both must outlive it.
  DeadLetters(const CoreSettings& settings, Books& books) : settings_(settings), books_(books) {}

  void keep(Queue& queue, ItemId id, const QueuedItem& item);
  /// An item to drop after one was kept in `queue`. Each queue keeps at least one, however large.
  std::optional<ItemId> surplus(const Queue& queue);
  /// Drops an item, which is the oldest of its queue.
  void drop(ItemId id);

  std::uint64_t count() const { return count_; }
  /// Since this broker started.
  std::uint64_t dropped() const { return dropped_; }
  std::uint64_t bytes(const Queue& queue) const {
    return queue.index < bytes_.size() ? bytes_[queue.index] : 0;
  }

 private:
  bool is_kept(ItemId id) const;
  void forget_dropped();

  const CoreSettings& settings_;
  Books& books_;
  std::uint64_t count_ = 0, dropped_ = 0;
  std::vector<std::uint64_t> bytes_;  // bytes of bodies, by queue index
  std::deque<ItemId> by_death_;       // of all queues; some may be dropped already
};

}  // namespace baton::internal::broker
