// What the items that a consumer was given are reclaimed with, where that is more than their ids.
// It is noted with each item and asked for only when a broker has ended, so noting is to be cheap.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "client/reclaims.hpp"

namespace baton::internal {

/// As runs, in the order in which items came: of a producer many follow one another. Not
/// thread-safe.
class GivenMarks {
 public:
  /// What was noted of the id before does not hold any more.
  void note(ItemId id, const GivenMark& mark) {
    if (mark != GivenMark{} || !runs_.empty()) add_to(runs_, id, mark);
  }
  /// It has failed as it was noted last. When it came again since, and was given back, that is what
  /// is reclaimed with it.
  void fail(ItemId id) { failed_[id.value] = mark_of(id); }
  /// It was settled for good: nothing that it failed with before is to be reclaimed.
  void settle(ItemId id) {
    if (!failed_.empty()) failed_.erase(id.value);
  }
  /// What failed is heard, all of it.
  void forget_failed() { failed_.clear(); }
  /// Time for forget_failed_but(): most of what failed is heard, perhaps.
  bool has_many_failed() const { return failed_.size() >= most_failed_; }
  void forget_failed_but(const std::vector<ItemId>& unheard) {
    std::unordered_map<std::uint64_t, GivenMark> left;
    for (const auto id : unheard)
      if (const auto found = failed_.find(id.value); found != failed_.end()) left.insert(*found);
    failed_ = std::move(left);
    most_failed_ = std::max(fewest, 2 * failed_.size());
  }
  /// Time to sweep(): by then most of what is noted is of items long settled.
  bool is_full() const { return runs_.size() >= most_; }
  /// Forgets those of all ids but `needed`. It costs some time for each of these, so that the next
  /// time is far.
  void sweep(std::vector<ItemId> needed) {
    const auto cost = needed.size();
    runs_ = reclaims_of(std::move(needed));
    std::erase_if(runs_,
                  [](const Reclaim& run) { return run.deliveries == 1 && run.put == PutName{}; });
    most_ = std::max({fewest, 4 * runs_.size(), cost});
  }
  /// Those of `ids`, which may come in any order, and more than once. `in_hand(id)`: it came again
  /// since it failed, if ever, and is not settled.
  template <class InHand>
  Reclaims reclaims_of(std::vector<ItemId> ids, InHand in_hand) const {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    std::vector<GivenMark> marks(ids.size());
    for (const auto& run : runs_) {
      auto at = std::lower_bound(ids.begin(), ids.end(), run.first);
      for (; at != ids.end() && *at < run.first + run.count; ++at)
        marks[static_cast<std::size_t>(at - ids.begin())] = mark_of(run, *at);
    }
    Reclaims reclaims;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const auto failed = failed_.find(ids[i].value);
      add_to(reclaims, ids[i],
             failed == failed_.end() || in_hand(ids[i]) ? marks[i] : failed->second);
    }
    return reclaims;
  }
  Reclaims reclaims_of(std::vector<ItemId> ids) const {
    return reclaims_of(std::move(ids), [](ItemId) { return true; });
  }

 private:
  static constexpr std::size_t fewest = 1024;

  static GivenMark mark_of(const Reclaim& run, ItemId id) {
    if (run.put.producer == 0) return {run.deliveries, {}};
    return {run.deliveries, {run.put.producer, run.put.number + (id.value - run.first.value)}};
  }

  GivenMark mark_of(ItemId id) const {
    for (auto run = runs_.rbegin(); run != runs_.rend(); ++run)
      if (id.value - run->first.value < run->count) return mark_of(*run, id);
    return {};
  }

  Reclaims runs_;
  std::size_t most_ = fewest;
  std::unordered_map<std::uint64_t, GivenMark> failed_;
  std::size_t most_failed_ = fewest;
};

}  // namespace baton::internal
