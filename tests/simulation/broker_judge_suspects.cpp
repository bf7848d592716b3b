// What is begun when its holder is lost, in the model: what counts then, and what goes alone from
// then on.
#include <algorithm>
#include <tuple>

#include "tests/simulation/broker_judge.hpp"

namespace baton::internal::simulation {

std::string BrokerJudge::process_of(const SessionId& id, const Hello& hello) {
  return hello.process == 0 ? to_hex(id) : std::to_string(hello.process);
}

/// But for what was reclaimed in this turn: it was given before that, perhaps.
std::vector<ItemId> BrokerJudge::held_by_process(const Standing& session) const {
  std::vector<ItemId> held;
  for (const auto& [id, other] : standing_)
    if (other.process == session.process)
      for (const auto item : other.held)
        if (items_.at(item).taken_up_in != turn_) held.push_back(item);
  return held;
}

/// Its process.
bool BrokerJudge::holds_anything(const Standing& session) const {
  return std::any_of(standing_.begin(), standing_.end(), [&](const auto& one) {
    return one.second.process == session.process && !one.second.held.empty();
  });
}

bool BrokerJudge::holds_suspect(const Standing& session) const {
  return std::any_of(standing_.begin(), standing_.end(), [&](const auto& one) {
    const auto& held = one.second.held;
    return one.second.process == session.process &&
           std::any_of(held.begin(), held.end(),
                       [this](ItemId id) { return items_.at(id).suspect; });
  });
}

/// It may be dead, and need not be given anything.
bool BrokerJudge::doubts(const Standing& session) const {
  return doubted_.contains(session.process);
}

/// What has cost a life goes to a process that holds nothing, and nothing else goes there
/// meanwhile.
void BrokerJudge::check_alone(const Standing& session, ItemId id) const {
  const auto held = held_by_process(session);
  PROMISE(std::none_of(held.begin(), held.end(),
                       [this](ItemId other) { return items_.at(other).suspect; }),
          name(id) + " is not given to a process that holds what has cost a life");
  PROMISE(!items_.at(id).suspect || held.empty(),
          name(id) + " has cost a life: it goes alone to a process");
}

/// A suspect waits until somebody who asks holds nothing; of each queue with such items one may be
/// kept free for them.
bool BrokerJudge::may_wait_for_a_free_hand(const std::vector<const Standing*>& requesting,
                                           ItemId id) const {
  std::set<std::string> processes;  // that ask
  for (const auto* session : requesting) {
    if (!holds_anything(*session)) return false;
    processes.insert(session->process);
  }
  const auto suspect = [this](ItemId ready) { return items_.at(ready).suspect; };
  std::size_t queues = 0;
  for (const auto& [queue, priorities] : ready_)
    queues += std::any_of(priorities.begin(), priorities.end(), [&](const auto& at) {
      return std::any_of(at.second.returned.begin(), at.second.returned.end(), suspect) ||
             std::any_of(at.second.waiting.begin(), at.second.waiting.end(), suspect);
    });
  return suspect(id) || processes.size() <= queues;
}

/// What its user had, as far as its client has told, has failed; beyond that as many at most as may
/// have been begun since. The first one is counted, or goes alone next: nobody dies for nothing.
void BrokerJudge::lose_items(const SessionId& id, Standing& session, bool counts) {
  std::vector<ItemId> in_order(session.held.begin(), session.held.end());
  std::sort(in_order.begin(), in_order.end(), [this](ItemId a, ItemId b) {
    const auto &one = items_.at(a), &other = items_.at(b);
    return std::tie(one.generation, one.link_number, a) <
           std::tie(other.generation, other.link_number, b);
  });
  std::uint32_t not_begun = 0;
  for (const auto item_id : in_order) {
    auto& item = this->item(item_id);
    const bool failed = item.failures > item.expected;
    // What came on an earlier link is told with the first one that was begun of this link.
    const bool told = item.taken && session.begun.second > SeqNo{} &&
                      std::pair(item.generation, item.link_number) <= session.begun;
    if (counts) {
      PROMISE(failed || !told,
              name(item_id) + " was begun when its holder was lost: it has failed");
      PROMISE(failed || item.suspect || item_id != in_order.front() || item.link_end == SeqNo{},
              name(item_id) + " may have cost its holder's life: it goes alone");
      PROMISE(!failed || item.suspect || item.failures >= max_attempts_,
              name(item_id) + " goes alone from now on");
      not_begun += failed && !item.taken;
    }
    let_go(session, item, item_id);
    loses(item, id, failed);
    if (failed)
      fail(item, item_id, {});
    else
      to_front(item, item_id);
  }
  PROMISE(not_begun <= session.most_waiting, "of what session " + to_hex(id).substr(0, 8) +
                                                 " had not begun, " + std::to_string(not_begun) +
                                                 " are counted");
}

}  // namespace baton::internal::simulation
