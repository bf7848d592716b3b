#include "broker/ready_list.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

namespace baton::broker {

void ReadyList::push_back(std::uint8_t priority, ItemId id) {
  auto& runs = levels_[priority].fresh;
  if (!runs.empty() && runs.back().first + runs.back().count == id && runs.back().count < UINT32_MAX)
    ++runs.back().count;
  else
    runs.push_back({id, 1});
  used_ |= 1u << priority;
  ++size_;
}

void ReadyList::push_returned(std::uint8_t priority, ItemId id) {
  auto& runs = levels_[priority].returned;
  const auto after = std::lower_bound(runs.begin(), runs.end(), ItemRun{id, 0});
  if (after != runs.end() && id + 1 == after->first) {
    after->first = id;
    ++after->count;
  } else {
    runs.insert(after, {id, 1});
  }
  used_ |= 1u << priority;
  ++size_;
}

ItemId ReadyList::pop() {
  assert(!empty());
  const auto priority = static_cast<std::size_t>(std::bit_width(used_ | 1u) - 1);
  auto& level = levels_[priority];
  auto& runs = level.returned.empty() ? level.fresh : level.returned;
  auto& run = runs.front();
  const auto id = run.first;
  run.first = run.first + 1;
  if (--run.count == 0) {
    runs.pop_front();
    if (level.empty()) used_ &= ~(1u << priority);
  }
  --size_;
  return id;
}

bool ReadyList::take(std::uint8_t priority, ItemId id) {
  auto& level = levels_[priority];
  if (!take(level.returned, id) && !take(level.fresh, id)) return false;
  if (level.empty()) used_ &= ~(1u << priority);
  --size_;
  return true;
}

bool ReadyList::take(Runs& runs, ItemId id) {
  const auto run =
      std::find_if(runs.begin(), runs.end(), [&](const ItemRun& r) { return id >= r.first && id < r.first + r.count; });
  if (run == runs.end()) return false;
  const ItemRun before{run->first, static_cast<std::uint32_t>(id.value - run->first.value)};
  const ItemRun after{id + 1, run->count - before.count - 1};
  auto at = runs.erase(run);
  if (after.count > 0) at = runs.insert(at, after);
  if (before.count > 0) runs.insert(at, before);
  return true;
}

}  // namespace baton::broker
