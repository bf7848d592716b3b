// The items in hand: a set that does not allocate in the steady state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "proto/ids.hpp"

namespace baton::internal {

/// Each item is stored with the number of the take that brought it, since an item may come back by
/// a later take. Open addressing with linear probing; id 0 is invalid. Not thread-safe.
class ItemSet {
 public:
  /// Returns false if it was in already. `id` must not be 0.
  bool insert(ItemId id, std::uint64_t tag = 0) {
    if (2 * (size_ + 1) > slots_.size()) grow();
    auto at = home(id);
    for (; slots_[at].id.value != 0; at = next(at))
      if (slots_[at].id == id) return false;
    slots_[at] = {id, tag};
    ++size_;
    return true;
  }

  bool contains(ItemId id) const { return find(id) != none; }
  /// The take that brought it; `id` must be in the set.
  std::uint64_t tag_of(ItemId id) const { return slots_[find(id)].tag; }

  /// Returns whether it was in the set, by that take (0: any).
  bool erase(ItemId id, std::uint64_t tag = 0) {
    auto hole = find(id);
    if (hole == none || (tag != 0 && slots_[hole].tag != tag)) return false;
    --size_;
    slots_[hole] = {};
    for (auto at = next(hole); slots_[at].id.value != 0; at = next(at)) {
      // It may move into the hole unless its home lies between the hole and itself.
      if (((at - home(slots_[at].id)) & mask()) < ((at - hole) & mask())) continue;
      slots_[hole] = slots_[at];
      slots_[at] = {};
      hole = at;
    }
    return true;
  }

  std::size_t size() const { return size_; }

  std::vector<ItemId> ids() const {
    std::vector<ItemId> all;
    for (const auto& slot : slots_)
      if (slot.id.value != 0) all.push_back(slot.id);
    return all;
  }

 private:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  std::size_t mask() const { return slots_.size() - 1; }
  std::size_t next(std::size_t at) const { return (at + 1) & mask(); }
  std::size_t home(ItemId id) const { return (id.value * 0x9e3779b97f4a7c15u >> 32) & mask(); }

  std::size_t find(ItemId id) const {
    if (size_ == 0 || id.value == 0) return none;
    for (auto at = home(id); slots_[at].id.value != 0; at = next(at))
      if (slots_[at].id == id) return at;
    return none;
  }

  void grow() {
    const auto old =
        std::exchange(slots_, std::vector<Slot>(slots_.empty() ? 16 : slots_.size() * 2));
    size_ = 0;
    for (const auto& slot : old)
      if (slot.id.value != 0) insert(slot.id, slot.tag);
  }

  struct Slot {
    ItemId id;
    std::uint64_t tag = 0;
  };
  std::vector<Slot> slots_;  // a power of two of them, at most half of them used
  std::size_t size_ = 0;
};

}  // namespace baton::internal
