// The chunks of a table that were looked up last: most look-ups are close to others, and need not
// search.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace baton::internal::broker {

/// By number; of several with the same remainder the last one. Whose chunk is freed must be
/// forgotten.
template <class Chunk>
class Recent {
 public:
  /// nullptr: it is to be searched for.
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
