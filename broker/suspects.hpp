// The ready items of one queue that may have killed their holder. Each is delivered to a process
// that holds nothing else.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <utility>

#include "proto/ids.hpp"

namespace baton::internal::broker {

/// Ordered by priority, the higher first, then by id. There are few: only items that were begun
/// when a process died.
class Suspects {
 public:
  void push(std::uint8_t priority, ItemId id) {
    if (!items_) items_ = std::make_unique<std::set<Place>>();
    items_->emplace(-priority, id.value);
  }
  /// The next one; must not be empty.
  ItemId pop() {
    const ItemId id{items_->begin()->second};
    erase(*items_->begin());
    return id;
  }
  /// Removes an item, which must be here, from any position.
  void take(std::uint8_t priority, ItemId id) { erase({-priority, id.value}); }
  /// Priority of the next one; must not be empty.
  std::uint8_t priority() const { return static_cast<std::uint8_t>(-items_->begin()->first); }

  bool empty() const { return !items_; }
  std::size_t size() const { return items_ ? items_->size() : 0; }

 private:
  using Place = std::pair<int, std::uint64_t>;

  void erase(Place place) {
    items_->erase(place);
    if (items_->empty()) items_.reset();
  }

  std::unique_ptr<std::set<Place>> items_;  // null in most queues
};

}  // namespace baton::internal::broker
