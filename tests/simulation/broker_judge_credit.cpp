// The credit of producers in the model: it is held back only where the queue is full, and what they
// are told of it is true.
#include <algorithm>
#include <utility>

#include "tests/simulation/broker_judge.hpp"

namespace baton::internal::simulation {

void BrokerJudge::credits(const SessionId& id, const Confirm& confirm) {
  const auto found = standing_.find(id);
  if (found == standing_.end() || confirm.ended) return;
  auto& session = found->second;
  session.credit = std::max(session.credit, confirm.producer.put_credit);
  session.put_received = confirm.producer.put_received;
  session.put_held = confirm.producer.put_held;
}

template <class Counts>
BrokerJudge::Depth BrokerJudge::depth_where(Counts counts) const {
  Depth depth;
  for (const auto& [id, item] : items_) {
    if (!counts(item) || item.place == Place::done || item.place == Place::dead) continue;
    ++depth.items;
    depth.bytes += item.put.body.size();
  }
  return depth;
}

BrokerJudge::Depth BrokerJudge::depth_of(const std::string& queue) const {
  return depth_where([&](const Item& item) { return item.put.queue == queue; });
}

BrokerJudge::Depth BrokerJudge::again_of(const std::string& queue) const {
  return depth_where([&](const Item& item) { return item.put.queue == queue && item.again; });
}

std::uint64_t BrokerJudge::unused_credit(const SessionId& id, const Standing& session,
                                         const std::string& queue) const {
  if (session.role != Role::producer || hellos_.at(id).queues.front() != queue) return 0;
  return session.credit > session.put_received ? session.credit.value - session.put_received.value
                                               : 0;
}

/// Of what was said in this turn. What the other producers of the queue may still put was promised
/// to them.
void BrokerJudge::check_credit() {
  for (auto& [id, session] : standing_) {
    const auto held = std::exchange(session.put_held, Held::nothing);
    if (held != Held::queue_items && held != Held::queue_bytes) continue;
    const auto& queue = hellos_.at(id).queues.front();
    auto depth = depth_of(queue);
    if (held == Held::queue_bytes) {
      PROMISE(depth.bytes >= settings_.max_bytes,
              queue + " is full of bytes when its producers are told so");
      continue;
    }
    for (const auto& [other_id, other] : standing_)
      depth.items += unused_credit(other_id, other, queue);
    PROMISE(depth.items >= settings_.max_items,
            queue + " has no room when its producers are told so, but for " +
                std::to_string(settings_.max_items - depth.items) + " items");
  }
}

}  // namespace baton::internal::simulation
