// The items of one queue that are ready to be handed off: FIFO within a priority, higher priorities first.
#pragma once

#include <array>
#include <cstdint>
#include <deque>

#include "proto/ids.hpp"
#include "proto/limits.hpp"

namespace baton::broker {

/// Ids are kept as runs, so that a backlog of millions costs a few bytes where ids follow one another.
class ReadyList {
 public:
  void push_back(std::uint8_t priority, ItemId id);
  /// For an item that comes back: before all that never were handed off, in the order of ids among those that came back.
  void push_returned(std::uint8_t priority, ItemId id);
  /// The next item; the list must not be empty.
  ItemId pop();
  /// Takes one item out of the middle; false when it is not there.
  bool take(std::uint8_t priority, ItemId id);

  bool empty() const { return size_ == 0; }
  std::uint64_t size() const { return size_; }

 private:
  using Runs = std::deque<ItemRun>;
  struct Level {
    Runs returned;  ///< goes first
    Runs fresh;     ///< never handed off
    bool empty() const { return returned.empty() && fresh.empty(); }
  };
  static bool take(Runs& runs, ItemId id);

  std::array<Level, max_priority + 1> levels_;
  std::uint64_t size_ = 0;
  std::uint32_t used_ = 0;  // bit p: levels_[p] is not empty
};

}  // namespace baton::broker
