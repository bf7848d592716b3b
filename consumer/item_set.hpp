// A set of item ids that does not allocate in the steady state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "proto/ids.hpp"

namespace baton {

/// Open addressing with linear probing; 0 is no id. Not thread-safe.
class ItemSet {
 public:
  /// Returns false when it was in already. `id` is not 0.
  bool insert(ItemId id) {
    if (2 * (size_ + 1) > slots_.size()) grow();
    auto at = home(id);
    for (; slots_[at].value != 0; at = next(at))
      if (slots_[at] == id) return false;
    slots_[at] = id;
    ++size_;
    return true;
  }

  bool contains(ItemId id) const { return find(id) != none; }

  /// Returns whether it was in.
  bool erase(ItemId id) {
    auto hole = find(id);
    if (hole == none) return false;
    --size_;
    slots_[hole] = {};
    for (auto at = next(hole); slots_[at].value != 0; at = next(at)) {
      // It may move into the hole unless its home lies between the hole and itself.
      if (((at - home(slots_[at])) & mask()) < ((at - hole) & mask())) continue;
      slots_[hole] = slots_[at];
      slots_[at] = {};
      hole = at;
    }
    return true;
  }

  std::size_t size() const { return size_; }

  std::vector<ItemId> ids() const {
    std::vector<ItemId> all;
    for (const auto id : slots_)
      if (id.value != 0) all.push_back(id);
    return all;
  }

 private:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  std::size_t mask() const { return slots_.size() - 1; }
  std::size_t next(std::size_t at) const { return (at + 1) & mask(); }
  std::size_t home(ItemId id) const { return (id.value * 0x9e3779b97f4a7c15u >> 32) & mask(); }

  std::size_t find(ItemId id) const {
    if (size_ == 0 || id.value == 0) return none;
    for (auto at = home(id); slots_[at].value != 0; at = next(at))
      if (slots_[at] == id) return at;
    return none;
  }

  void grow() {
    const auto old = ids();
    slots_.assign(slots_.empty() ? 16 : slots_.size() * 2, {});
    size_ = 0;
    for (const auto id : old) insert(id);
  }

  std::vector<ItemId> slots_;  // a power of two of them, at most half of them used
  std::size_t size_ = 0;
};

}  // namespace baton
