#include "broker/ready_list.hpp"

#include <bit>
#include <cassert>
#include <iterator>

namespace baton::internal::broker {

ReadyList::Level& ReadyList::level(std::uint8_t priority) {
  if (!levels_) levels_ = std::make_unique<Levels>();
  auto& level = levels_->at[priority];
  if (!level) level = std::make_unique<Level>();
  return *level;
}

void ReadyList::one_more(std::uint8_t priority, Level& level) {
  levels_->used |= 1u << priority;
  ++level.size;
  ++size_;
}

void ReadyList::one_less(std::size_t priority, Level& level) {
  --size_;
  if (--level.size > 0) return;
  levels_->used &= ~(1u << priority);
  level.fresh.clear();  // all that is left was taken
  level.taken.clear();
}

void ReadyList::push_back(std::uint8_t priority, ItemId id) {
  auto& level = this->level(priority);
  auto& runs = level.fresh;
  if (!runs.empty() && runs.back().first + runs.back().count == id &&
      runs.back().count < UINT32_MAX)
    ++runs.back().count;
  else
    runs.push_back({id, 1});
  one_more(priority, level);
}

void ReadyList::push_returned(std::uint8_t priority, ItemId id) {
  auto& level = this->level(priority);
  auto& runs = level.returned;
  const auto after = runs.lower_bound(id.value);
  const bool joins_after = after != runs.end() && after->first == id.value + 1;
  const auto before = after == runs.begin() ? runs.end() : std::prev(after);
  if (before != runs.end() && before->first + before->second == id.value) {
    before->second += 1 + (joins_after ? after->second : 0);
    if (joins_after) runs.erase(after);
  } else if (joins_after) {
    auto run = runs.extract(after);
    run.key() = id.value;
    ++run.mapped();
    runs.insert(std::move(run));
  } else {
    runs.emplace_hint(after, id.value, 1);
  }
  one_more(priority, level);
}

std::uint8_t ReadyList::priority() const {
  assert(!empty());
  return static_cast<std::uint8_t>(std::bit_width(levels_->used) - 1);
}

ItemId ReadyList::pop() {
  const auto next = priority();
  auto& level = *levels_->at[next];
  const auto id = level.returned.empty() ? pop_fresh(level) : pop_returned(level);
  one_less(next, level);
  return id;
}

ItemId ReadyList::pop_returned(Level& level) {
  auto run = level.returned.extract(level.returned.begin());
  const ItemId id{run.key()};
  if (--run.mapped() > 0) {
    ++run.key();
    level.returned.insert(level.returned.begin(), std::move(run));
  }
  return id;
}

ItemId ReadyList::pop_fresh(Level& level) {
  for (;;) {
    auto& run = level.fresh.front();
    const auto id = run.first;
    run.first = run.first + 1;
    if (--run.count == 0) level.fresh.pop_front();
    if (level.taken.empty()) return id;
    const auto taken = level.taken.find(id.value);
    if (taken == level.taken.end()) return id;
    level.taken.erase(taken);
  }
}

void ReadyList::take(std::uint8_t priority, ItemId id) {
  auto& level = this->level(priority);
  if (!take_returned(level, id)) level.taken.insert(id.value);
  one_less(priority, level);
}

bool ReadyList::take_returned(Level& level, ItemId id) {
  const auto after = level.returned.upper_bound(id.value);
  if (after == level.returned.begin()) return false;
  const auto run = std::prev(after);
  const auto left = static_cast<std::uint32_t>(id.value - run->first);
  if (id.value - run->first >= run->second) return false;
  if (const auto right = run->second - left - 1; right > 0)
    level.returned.emplace_hint(after, id.value + 1, right);
  run->second = left;
  if (left == 0) level.returned.erase(run);
  return true;
}

void ReadyList::release() {
  if (empty()) levels_ = nullptr;
}

}  // namespace baton::internal::broker
