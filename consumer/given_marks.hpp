// What the items that a consumer was given are claimed with, where that is more than their ids. It is noted with each item
// and asked for only when a broker has ended, so noting is to be cheap.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "client/claims.hpp"

namespace baton {

/// Not thread-safe.
class GivenMarks {
 public:
  /// What was noted of the id before does not hold any more.
  void note(ItemId id, const GivenMark& mark) {
    if (mark == GivenMark{} && marks_.empty()) return;
    marks_.push_back({id, mark});
  }
  /// Time to sweep(): by then most of what is noted is of items long settled.
  bool is_full() const { return marks_.size() >= most_; }
  /// Forgets those of all ids but `needed`, which are sorted. It costs some time for each mark that is left, so that the next
  /// time is far.
  void sweep(const std::vector<ItemId>& needed) {
    std::erase_if(marks_, [&](const auto& one) {
      return needed.empty() || one.first < needed.front() ||
             !std::binary_search(needed.begin(), needed.end(), one.first);
    });
    const auto later = [](const auto& one, const auto& next) { return one.first >= next.first; };
    if (std::adjacent_find(marks_.begin(), marks_.end(), later) != marks_.end()) keep_last();
    most_ = std::max(fewest, 4 * marks_.size());
  }
  /// The last one of each id; of others there is none.
  std::unordered_map<std::uint64_t, GivenMark> by_id() const {
    std::unordered_map<std::uint64_t, GivenMark> last;
    for (const auto& [id, mark] : marks_) last[id.value] = mark;
    return last;
  }

 private:
  void keep_last() {
    const auto last = by_id();
    marks_.clear();
    for (const auto& [id, mark] : last)
      if (mark != GivenMark{}) marks_.push_back({ItemId{id}, mark});
    std::sort(marks_.begin(), marks_.end(), [](const auto& one, const auto& next) { return one.first < next.first; });
  }

  static constexpr std::size_t fewest = 1024;

  std::vector<std::pair<ItemId, GivenMark>> marks_;
  std::size_t most_ = fewest;
};

}  // namespace baton
