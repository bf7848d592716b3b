// A cache of recently used chunks of a table: most look-ups are close to an earlier one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace baton::internal::broker {

/// By chunk number; of several with the same remainder, the last one. A chunk that is freed must be
/// forgotten.
template <class Chunk>
class Recent {
 public:
  /// nullptr: not cached.
  Chunk* find(std::uint64_t number) const {
    const auto& slot = slots_[number % slots_.size()];
    return slot.number == number ? slot.chunk : nullptr;
  }
  Chunk& note(std::uint64_t number, Chunk& chunk) {
    slots_[number % slots_.size()] = {number, &chunk};
    return chunk;
  }
  void forget(std::uint64_t number) {
    auto& slot = slots_[number % slots_.size()];
    if (slot.number == number) slot = {};
  }

 private:
  struct Slot {
    std::uint64_t number = 0;
    Chunk* chunk = nullptr;
  };
  std::array<Slot, 32> slots_{};
};

}  // namespace baton::internal::broker
