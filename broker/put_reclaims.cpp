#include "broker/put_reclaims.hpp"

#include <utility>

namespace baton::internal::broker {

PutReclaims::Reclaim* PutReclaims::find(const PutName& put) {
  const auto found = reclaims_.find(put);
  return found == reclaims_.end() ? nullptr : &found->second;
}

PutReclaims::Reclaim* PutReclaims::find(ItemId id, PutName& put) {
  const auto found = ids_.find(id.value);
  if (found == ids_.end()) return nullptr;
  put = found->second;
  return find(put);
}

void PutReclaims::add(const PutName& put, Reclaim reclaim) {
  ids_[reclaim.id.value] = put;
  reclaims_[put] = std::move(reclaim);
}

std::optional<PutReclaims::Reclaim> PutReclaims::take(const PutName& put) {
  auto node = reclaims_.extract(put);
  if (node.empty()) return std::nullopt;
  ids_.erase(node.mapped().id.value);
  return std::move(node.mapped());
}

void PutReclaims::give_back(const PutName& put) {
  auto reclaim = take(put);
  if (!reclaim || reclaim->before.empty()) return;
  auto last = std::move(reclaim->before.back());
  reclaim->before.pop_back();
  last.before = std::move(reclaim->before);
  add(put, std::move(last));
}

ItemId PutReclaims::here(const PutName& put) const {
  const auto found = here_.find(put);
  return found == here_.end() ? ItemId{} : found->second;
}

ItemId PutReclaims::called(ItemId as) const {
  const auto found = called_.find(as.value);
  return found == called_.end() ? as : found->second;
}

ItemId PutReclaims::name_of(ItemId id) const {
  const auto found = calls_.find(id.value);
  return found == calls_.end() ? id : found->second;
}

void PutReclaims::forget_name(ItemId id) {
  const auto found = calls_.find(id.value);
  if (found == calls_.end()) return;
  called_.erase(found->second.value);
  calls_.erase(found);
}

}  // namespace baton::internal::broker
