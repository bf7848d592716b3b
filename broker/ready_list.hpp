// The ready items of one queue: FIFO within a priority, higher priorities first.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <unordered_set>

#include "proto/ids.hpp"
#include "proto/limits.hpp"

namespace baton::internal::broker {

/// Ids are kept as runs, so a backlog of millions takes a few bytes if its ids are consecutive. All
/// operations are at most logarithmic in the number of runs.
class ReadyList {
 public:
  void push_back(std::uint8_t priority, ItemId id);
  /// For an item that comes back: it goes before all items that were never delivered, and in the
  /// order of ids among items that came back.
  void push_returned(std::uint8_t priority, ItemId id);
  /// The next item; the list must not be empty.
  ItemId pop();
  /// Removes an item, which must be here, from any position.
  void take(std::uint8_t priority, ItemId id);

  /// Priority of the next item; the list must not be empty.
  std::uint8_t priority() const;

  bool empty() const { return size_ == 0; }
  std::uint64_t size() const { return size_; }
  /// Frees the memory of an empty list.
  void release();

 private:
  struct Level {
    std::map<std::uint64_t, std::uint32_t> returned;  ///< runs by first id; delivered before
                                                      ///< `fresh`
    std::deque<ItemRun> fresh;                        ///< runs of items that were never delivered
    std::unordered_multiset<std::uint64_t> taken;     ///< ids in `fresh` that were removed; pop()
                                                      ///< skips each once
    std::uint64_t size = 0;
  };
  struct Levels {
    std::array<std::unique_ptr<Level>, max_priority + 1> at;
    std::uint32_t used = 0;  // bit p: at[p] is not empty
  };
  Level& level(std::uint8_t priority);
  void one_more(std::uint8_t priority, Level& level);
  void one_less(std::size_t priority, Level& level);
  static ItemId pop_returned(Level& level);
  static ItemId pop_fresh(Level& level);
  static bool take_returned(Level& level, ItemId id);

  std::unique_ptr<Levels> levels_;  // null until something was ready
  std::uint64_t size_ = 0;
};

}  // namespace baton::internal::broker
