// The items of one queue that are ready to be delivered: FIFO within a priority, higher priorities
// first.
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

/// Ids are kept as runs, so that a backlog of millions costs a few bytes where ids follow one
/// another. Nothing here takes longer than the logarithm of the number of runs.
class ReadyList {
 public:
  void push_back(std::uint8_t priority, ItemId id);
  /// For an item that comes back: before all that never were delivered, in the order of ids among
  /// those that came back.
  void push_returned(std::uint8_t priority, ItemId id);
  /// The next item; the list must not be empty.
  ItemId pop();
  /// Takes one item, which must be here, out of the middle.
  void take(std::uint8_t priority, ItemId id);

  /// Of the next item; the list must not be empty.
  std::uint8_t priority() const;

  bool empty() const { return size_ == 0; }
  std::uint64_t size() const { return size_; }
  /// An empty list gives back the memory that it had when it was not.
  void release();

 private:
  struct Level {
    std::map<std::uint64_t, std::uint32_t> returned;  ///< runs, by the first id; they go first
    std::deque<ItemRun> fresh;                        ///< runs of what was never delivered
    std::unordered_multiset<std::uint64_t> taken;     ///< of these, ids that are not here any more:
                                                      ///< pop() leaves out the first of each
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

  std::unique_ptr<Levels> levels_;  // none while nothing was ready yet
  std::uint64_t size_ = 0;
};

}  // namespace baton::internal::broker
