#include "broker/put_claims.hpp"

#include <utility>

namespace baton::broker {

PutClaims::Claim* PutClaims::find(const PutName& put) {
  const auto found = claims_.find(put);
  return found == claims_.end() ? nullptr : &found->second;
}

PutClaims::Claim* PutClaims::find(ItemId id, PutName& put) {
  const auto found = ids_.find(id.value);
  if (found == ids_.end()) return nullptr;
  put = found->second;
  return find(put);
}

void PutClaims::add(const PutName& put, Claim claim) {
  ids_[claim.id.value] = put;
  claims_[put] = std::move(claim);
}

std::optional<PutClaims::Claim> PutClaims::take(const PutName& put) {
  auto node = claims_.extract(put);
  if (node.empty()) return std::nullopt;
  ids_.erase(node.mapped().id.value);
  return std::move(node.mapped());
}

void PutClaims::give_back(const PutName& put) {
  auto claim = take(put);
  if (!claim || claim->before.empty()) return;
  auto last = std::move(claim->before.back());
  claim->before.pop_back();
  last.before = std::move(claim->before);
  add(put, std::move(last));
}

ItemId PutClaims::here(const PutName& put) const {
  const auto found = here_.find(put);
  return found == here_.end() ? ItemId{} : found->second;
}

ItemId PutClaims::called(ItemId as) const {
  const auto found = called_.find(as.value);
  return found == called_.end() ? as : found->second;
}

ItemId PutClaims::name_of(ItemId id) const {
  const auto found = calls_.find(id.value);
  return found == calls_.end() ? id : found->second;
}

void PutClaims::forget_name(ItemId id) {
  const auto found = calls_.find(id.value);
  if (found == calls_.end()) return;
  called_.erase(found->second.value);
  calls_.erase(found);
}

}  // namespace baton::broker
