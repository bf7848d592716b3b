#include "consumer/holdings.hpp"

#include "client/carry_over.hpp"
#include "proto/limits.hpp"

namespace baton::internal {

void Holdings::forget(const StreamSender& control) {
  auto ids = held_.ids();
  settled_items(control, ids);
  marks_.sweep(std::move(ids));
}

/// Failures are remembered until the broker has received them.
void Holdings::note_failed(ItemId id, const StreamSender& control) {
  if (control.idle()) marks_.forget_failed();
  if (marks_.has_many_failed()) {
    std::vector<ItemId> unheard;
    settled_items(control, unheard, false);
    marks_.forget_failed_but(unheard);
  }
  marks_.fail(id);
}

void Holdings::lose(ItemId id) {
  if (!held_.contains(id)) {
    if (lost_.insert(id.value).second) note_loss(id, true);  // settled meanwhile
  } else if (held_.tag_of(id) <= reclaimed_tags_) {
    held_.erase(id);
    note_loss(id, false);
  }
}

void Holdings::note_loss(ItemId id, bool settled) {
  if (losses_.items.size() < Losses::most)
    losses_.items.push_back({id, settled});
  else
    ++losses_.dropped;
}

const Reclaims& Holdings::reclaims(const SessionId& session, const StreamSender& control) {
  if (reclaims_of_ == session) return reclaims_;
  reclaims_of_ = session;
  auto ids = held_.ids();
  settled_items(control, ids, false);
  if (control.idle()) lost_.clear();
  std::erase_if(ids, [this](ItemId id) { return lost_.contains(id.value); });
  if (ids.size() > max_requests) ids.resize(max_requests);  // held ones come first
  reclaims_ = marks_.reclaims_of(std::move(ids), [this](ItemId id) { return held_.contains(id); });
  return reclaims_;
}

}  // namespace baton::internal
