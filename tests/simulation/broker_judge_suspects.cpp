// What is begun when its holder is lost, in the model: what counts then, and what goes alone from then on.
#include <algorithm>
#include <tuple>

#include "tests/simulation/broker_judge.hpp"

namespace baton::simulation {
bool BrokerJudge::holds_suspect(const Standing& session) const {
  return std::any_of(session.held.begin(), session.held.end(), [this](ItemId id) { return items_.at(id).suspect; });
}

/// What has cost a life goes to who holds nothing, and nothing else goes there meanwhile.
void BrokerJudge::check_alone(const Standing& session, ItemId id) const {
  require(!holds_suspect(session), name(id) + " is not given to who holds what has cost a life");
  require(!items_.at(id).suspect || session.held.empty(), name(id) + " has cost a life: it goes alone");
}

/// A suspect waits until somebody who asks holds nothing; of each queue with such items one may be kept free for them.
bool BrokerJudge::may_wait_for_a_free_hand(const std::vector<const Standing*>& askers, ItemId id) const {
  if (std::any_of(askers.begin(), askers.end(), [](const Standing* session) { return session->held.empty(); }))
    return false;
  const auto suspect = [this](ItemId ready) { return items_.at(ready).suspect; };
  std::size_t queues = 0;
  for (const auto& [queue, priorities] : ready_)
    queues += std::any_of(priorities.begin(), priorities.end(), [&](const auto& at) {
      return std::any_of(at.second.returned.begin(), at.second.returned.end(), suspect) ||
             std::any_of(at.second.waiting.begin(), at.second.waiting.end(), suspect);
    });
  return suspect(id) || askers.size() <= queues;
}

/// What its user had, as far as its client has told, has failed; beyond that as many at most as may have been begun since.
/// The first one is counted, or goes alone next: nobody dies for nothing.
void BrokerJudge::lose_items(const SessionId& id, Standing& session, bool counts) {
  std::vector<ItemId> in_order(session.held.begin(), session.held.end());
  std::sort(in_order.begin(), in_order.end(), [this](ItemId a, ItemId b) {
    const auto &one = items_.at(a), &other = items_.at(b);
    return std::tie(one.generation, one.lane_number, a) < std::tie(other.generation, other.lane_number, b);
  });
  std::uint32_t not_begun = 0;
  for (const auto item_id : in_order) {
    auto& item = this->item(item_id);
    const bool failed = item.failures > item.expected;
    // What came on an earlier lane is told with the first one that was begun of this lane.
    const bool told =
        item.taken && session.begun.second > Number{} && std::pair(item.generation, item.lane_number) <= session.begun;
    if (counts) {
      require(failed || !told, name(item_id) + " was begun when its holder was lost: it has failed");
      require(failed || item.suspect || item_id != in_order.front() || item.lane_end == Number{},
              name(item_id) + " may have cost its holder's life: it goes alone");
      require(!failed || item.suspect || item.failures >= max_attempts_, name(item_id) + " goes alone from now on");
      not_begun += failed && !item.taken;
    }
    let_go(session, item, item_id);
    loses(item, id, failed);
    if (failed)
      fail(item, item_id, {});
    else
      to_front(item, item_id);
  }
  require(not_begun <= session.most_waiting, "of what session " + to_hex(id).substr(0, 8) + " had not begun, " +
                                                 std::to_string(not_begun) + " are counted");
}

}  // namespace baton::simulation
