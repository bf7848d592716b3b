// Items that wait for their time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "proto/deadline.hpp"
#include "proto/ids.hpp"

namespace baton::internal::broker {

class Delays {
 public:
  /// `reclaimable`: take_out() may remove it again.
  void add(ItemId id, Time due, bool reclaimable) {
    by_time_.push({due, id});
    if (reclaimable) note_reclaimable(id, due);
  }
  void note_reclaimable(ItemId id, Time due) { reclaimable_[id.value] = due; }
  /// From now on nothing can be taken out.
  void forget_reclaimable() { reclaimable_.clear(); }

  /// Takes out a reclaimable item. Returns false if it is not reclaimable or not here.
  bool take_out(ItemId id) {
    const auto due = reclaimable_.find(id.value);
    if (due == reclaimable_.end()) return false;
    taken_out_.insert({due->second, id});
    reclaimable_.erase(due);
    return true;
  }

  /// Removes and returns the next item that is due. Examines at most `looks` entries and subtracts
  /// them.
  std::optional<ItemId> next(Time now, std::uint64_t& looks) {
    for (; looks > 0 && !by_time_.empty() && by_time_.top().due <= now; --looks) {
      const auto one = by_time_.top();
      by_time_.pop();
      const auto taken_out = taken_out_.find({one.due, one.id});
      if (taken_out == taken_out_.end()) return --looks, one.id;
      taken_out_.erase(taken_out);
    }
    return std::nullopt;
  }
  Time next_due() const { return by_time_.empty() ? never : by_time_.top().due; }

 private:
  struct Delayed {
    Time due;
    ItemId id;
    bool operator>(const Delayed& other) const {
      return std::tie(due, id) > std::tie(other.due, other.id);
    }
  };
  std::priority_queue<Delayed, std::vector<Delayed>, std::greater<>> by_time_;
  std::multiset<std::pair<Time, ItemId>> taken_out_;  // entries of by_time_ that no longer count
  std::unordered_map<std::uint64_t, Time> reclaimable_;
};

}  // namespace baton::internal::broker
