// Items that may not be stored yet, and which put each came from.
#pragma once

#include <algorithm>
#include <deque>
#include <iterator>

#include "broker/storage.hpp"

namespace baton::internal::broker {

/// Kept as runs, in the order of ids: a backlog that waits for the disk takes little memory.
class UnstoredPuts {
 public:
  /// `id` is the highest so far. The turn is not given to the storage yet.
  void add(ItemId id, std::uint32_t producer, SeqNo number) {
    auto* last = runs_.empty() ? nullptr : &runs_.back();
    if (last && last->ticket == 0 && last->producer == producer &&
        last->first + last->count == id && last->number + last->count == number)
      ++last->count;
    else
      runs_.push_back({id, number, 0, producer, 1});
  }
  /// `turn` was given to the storage, and everything up to `durable` is stored.
  void became_durable(Ticket turn, Ticket durable) {
    for (auto last = runs_.rbegin(); last != runs_.rend() && last->ticket == 0; ++last)
      last->ticket = turn;
    while (!runs_.empty() && runs_.front().ticket <= durable) runs_.pop_front();
  }
  bool empty() const { return runs_.empty(); }
  /// The number under which its producer put it; 0: it is stored, or has none.
  SeqNo number(ItemId id) const {
    const auto after =
        std::upper_bound(runs_.begin(), runs_.end(), id,
                         [](ItemId item, const Run& run) { return item < run.first; });
    if (after == runs_.begin()) return {};
    const auto& run = *std::prev(after);
    const auto at = id.value - run.first.value;
    return at < run.count ? run.number + at : SeqNo{};
  }

 private:
  struct Run {
    ItemId first;
    SeqNo number;
    Ticket ticket;
    std::uint32_t producer, count;
  };
  std::deque<Run> runs_;
};

}  // namespace baton::internal::broker
