// What the items that a consumer was given are claimed with, where that is more than their ids. It is noted with each item
// and asked for only when a broker has ended, so noting is to be cheap.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "client/claims.hpp"

namespace baton {

/// As runs, in the order in which items came: of a producer many follow one another. Not thread-safe.
class GivenMarks {
 public:
  /// What was noted of the id before does not hold any more.
  void note(ItemId id, const GivenMark& mark) {
    if (mark != GivenMark{} || !runs_.empty()) add_to(runs_, id, mark);
  }
  /// Time to sweep(): by then most of what is noted is of items long settled.
  bool is_full() const { return runs_.size() >= most_; }
  /// Forgets those of all ids but `needed`. It costs some time for each of these, so that the next time is far.
  void sweep(std::vector<ItemId> needed) {
    const auto cost = needed.size();
    runs_ = claims_of(std::move(needed));
    std::erase_if(runs_, [](const Claim& run) { return run.deliveries == 1 && run.put == PutName{}; });
    most_ = std::max({fewest, 4 * runs_.size(), cost});
  }
  /// Those of `ids`, which may come in any order, and more than once.
  Claims claims_of(std::vector<ItemId> ids) const {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    std::vector<GivenMark> marks(ids.size());
    for (const auto& run : runs_) {
      auto at = std::lower_bound(ids.begin(), ids.end(), run.first);
      for (; at != ids.end() && *at < run.first + run.count; ++at)
        marks[static_cast<std::size_t>(at - ids.begin())] = mark_of(run, *at);
    }
    Claims claims;
    for (std::size_t i = 0; i < ids.size(); ++i) add_to(claims, ids[i], marks[i]);
    return claims;
  }

 private:
  static constexpr std::size_t fewest = 1024;

  static GivenMark mark_of(const Claim& run, ItemId id) {
    if (run.put.producer == 0) return {run.deliveries, {}};
    return {run.deliveries, {run.put.producer, run.put.number + (id.value - run.first.value)}};
  }

  Claims runs_;
  std::size_t most_ = fewest;
};

}  // namespace baton
