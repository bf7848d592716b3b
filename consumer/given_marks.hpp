// How items delivered to a consumer are reclaimed, if that takes more than their ids. Noted with
// each item but needed only after a broker has ended, so noting must be cheap.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "client/reclaims.hpp"

namespace baton::internal {

/// Kept as runs, in order of arrival: many consecutive items come from one producer. Not
/// thread-safe.
class GivenMarks {
 public:
  /// Replaces the earlier mark of that id.
  void note(ItemId id, const GivenMark& mark) {
    if (mark != GivenMark{} || !runs_.empty()) add_to(runs_, id, mark);
  }
  /// The item failed with its current mark. If it was delivered again since and released, it is
  /// reclaimed with that mark.
  void fail(ItemId id) { failed_[id.value] = mark_of(id); }
  /// The item was settled for good: earlier failures are not reclaimed.
  void settle(ItemId id) {
    if (!failed_.empty()) failed_.erase(id.value);
  }
  /// The broker has received all failures.
  void forget_failed() { failed_.clear(); }
  /// Time for forget_failed_but(): the broker may have received most failures.
  bool has_many_failed() const { return failed_.size() >= most_failed_; }
  void forget_failed_but(const std::vector<ItemId>& unheard) {
    std::unordered_map<std::uint64_t, GivenMark> left;
    for (const auto id : unheard)
      if (const auto found = failed_.find(id.value); found != failed_.end()) left.insert(*found);
    failed_ = std::move(left);
    most_failed_ = std::max(fewest, 2 * failed_.size());
  }
  /// Time for sweep(): most marks are of items long settled.
  bool is_full() const { return runs_.size() >= most_; }
  /// Forgets all marks except those of `needed`. Takes time for each of these; the next sweep is
  /// due accordingly later.
  void sweep(std::vector<ItemId> needed) {
    const auto cost = needed.size();
    runs_ = reclaims_of(std::move(needed));
    std::erase_if(runs_,
                  [](const Reclaim& run) { return run.deliveries == 1 && run.put == PutName{}; });
    most_ = std::max({fewest, 4 * runs_.size(), cost});
  }
  /// Reclaims for `ids`, in any order and with duplicates. `in_hand(id)`: it was delivered again
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
