// Small reusable numbers, by which items and the storage refer to queues and producers.
#pragma once

#include <cstdint>
#include <vector>

namespace baton::internal::broker {

/// A freed number is given to the next one added. Does not own the objects.
template <class Thing>
class Slots {
 public:
  std::uint32_t add(Thing& thing) {
    if (free_.empty()) {
      things_.push_back(&thing);
      return static_cast<std::uint32_t>(things_.size() - 1);
    }
    const auto number = free_.back();
    free_.pop_back();
    things_[number] = &thing;
    return number;
  }

  /// Adds it under the number it had before. Returns false if that is taken.
  bool restore(Thing& thing, std::uint32_t number) {
    while (things_.size() <= number) {
      free_.push_back(static_cast<std::uint32_t>(things_.size()));
      things_.push_back(nullptr);
    }
    if (things_[number]) return false;
    std::erase(free_, number);
    things_[number] = &thing;
    return true;
  }

  void erase(std::uint32_t number) {
    things_[number] = nullptr;
    free_.push_back(number);
  }

  Thing& operator[](std::uint32_t number) const { return *things_[number]; }
  Thing& at(std::uint32_t number) const { return *things_.at(number); }
  /// nullptr: not in use.
  Thing* find(std::uint32_t number) const {
    return number < things_.size() ? things_[number] : nullptr;
  }
  /// One more than the highest number ever given.
  std::uint32_t size() const { return static_cast<std::uint32_t>(things_.size()); }

 private:
  std::vector<Thing*> things_;
  std::vector<std::uint32_t> free_;
};

}  // namespace baton::internal::broker
