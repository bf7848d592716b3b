#include "broker/log/batch.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace baton::internal::broker::log {

void Segment::add(const ItemRow& row) {
  const auto id = end();
  begin_.push_back(static_cast<std::uint32_t>(rows_.size()));
  gone_.push_back(false);
  ++live_;
  append_item(rows_, id.value, row);
}

bool Segment::erase(ItemId id) {
  if (!contains(id)) return false;
  gone_[id.value - first_.value] = true;
  --live_;
  return true;
}

std::string_view Segment::row(ItemId id) const {
  const auto at = id.value - first_.value;
  const auto begin = begin_[at];
  const auto end = at + 1 < begin_.size() ? begin_[at + 1] : rows_.size();
  return std::string_view(rows_).substr(begin, end - begin);
}

void Segment::shrink() {
  rows_.shrink_to_fit();
  begin_.shrink_to_fit();
}

bool Batch::skip(ItemId id) {
  for (auto& items : puts) {
    if (id < items.segment->first() || id >= items.segment->end()) continue;
    items.skip[id.value - items.segment->first().value] = true;
    return true;
  }
  return false;
}

void Batch::absorb(Batch&& later) {
  if (empty()) {
    *this = std::move(later);
    return;
  }
  for (const auto id : later.erased)
    if (!skip(id)) erased.push_back(id);
  std::move(later.puts.begin(), later.puts.end(), std::back_inserter(puts));
  for (auto& [key, change] : later.states) states[key] = std::move(change);
  for (auto& [key, change] : later.queues) queues[key] = std::move(change);
  for (auto& [key, change] : later.producers) producers[key] = std::move(change);
  ticket = later.ticket;
  last = later.last;
}

void Batch::forget_settles() {
  erased.clear();
  states.clear();
}

}  // namespace baton::internal::broker::log
