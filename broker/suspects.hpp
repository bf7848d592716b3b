// The ready items of one queue that have once cost their holder's life: each is delivered to a
// process that holds nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <utility>

#include "proto/ids.hpp"

namespace baton::internal::broker {

/// The higher priority first, then in the order of ids. They are few: what is begun when a process
/// dies.
class Suspects {
 public:
  void push(std::uint8_t priority, ItemId id) {
    if (!items_) items_ = std::make_unique<std::set<Place>>();
    items_->emplace(-priority, id.value);
  }
  /// The next one; there must be one.
  ItemId pop() {
    const ItemId id{items_->begin()->second};
    erase(*items_->begin());
    return id;
  }
  /// Takes one that is here out of the middle.
  void take(std::uint8_t priority, ItemId id) { erase({-priority, id.value}); }
  /// Of the next one; there must be one.
  std::uint8_t priority() const { return static_cast<std::uint8_t>(-items_->begin()->first); }

  bool empty() const { return !items_; }
  std::size_t size() const { return items_ ? items_->size() : 0; }

 private:
  using Place = std::pair<int, std::uint64_t>;

  void erase(Place place) {
    items_->erase(place);
    if (items_->empty()) items_.reset();
  }

  std::unique_ptr<std::set<Place>> items_;  // none in most queues
};

}  // namespace baton::internal::broker
