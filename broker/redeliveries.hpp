// How often items were delivered, for those delivered more than once (or about to be), and which
// session lost them last.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>

#include "broker/storage.hpp"
#include "proto/ids.hpp"

namespace baton::internal::broker {

class Redeliveries {
 public:
  struct Redelivered {
    std::uint32_t deliveries = 1;  ///< including the next one, if it came back
    /// The serial of the session that lost it last; 0: it was delivered to another one since.
    std::uint32_t lost_by = 0;
    std::uint32_t returns = 0;  ///< the value of returns_ when it last came back
    bool was_suspect = false;   ///< when it was lost last
  };

  Redelivered* find(ItemId id) {
    const auto found = items_.find(id.value);
    return found == items_.end() ? nullptr : &found->second;
  }
  std::uint32_t deliveries_of(ItemId id) const {
    const auto found = items_.find(id.value);
    return found == items_.end() ? 1 : found->second.deliveries;
  }
  /// The count for its next delivery. The session that lost it last can no longer take it up.
  std::uint32_t deliver(ItemId id) {
    auto* one = items_.empty() ? nullptr : find(id);
    if (!one) return 1;
    one->lost_by = 0;
    return one->deliveries;
  }
  Redelivered& operator[](ItemId id) { return items_[id.value]; }
  void restore(ItemId id, std::uint32_t deliveries) {
    if (deliveries > 1) items_[id.value] = {deliveries};
  }
  void erase(ItemId id) {
    if (!items_.empty()) items_.erase(id.value);
  }

  /// It came back, and waits until its count is stored.
  void come_back(ItemId id) {
    items_[id.value].returns = ++returns_;
    returning_.push_back({0, id, returns_});
  }
  /// Calls `ready` for each item whose count is stored, unless it came back again. `turn` is the
  /// ticket just given to the storage.
  template <class Ready>
  void stored(Ticket turn, Ticket durable, Ready ready) {
    for (auto last = returning_.rbegin(); last != returning_.rend() && last->ticket == 0; ++last)
      last->ticket = turn;
    for (; !returning_.empty() && returning_.front().ticket <= durable; returning_.pop_front()) {
      const auto one = returning_.front();
      const auto* item = find(one.id);
      if (item && item->returns == one.returns) ready(one.id);
    }
  }

 private:
  struct Returning {
    Ticket ticket;  // its return is durable with this ticket; 0: not given to the storage yet
    ItemId id;
    std::uint32_t returns;  // outdated if the item's differ
  };
  std::unordered_map<std::uint64_t, Redelivered> items_;  // by id
  std::deque<Returning> returning_;  // by ticket, those of the current turn last
  std::uint32_t returns_ = 0;        // counts items that came back
};

}  // namespace baton::internal::broker
