// What an earlier life delivered and did not keep, in the model: who reclaims it, and what becomes
// of it when it is put again.
#include <algorithm>
#include <utility>

#include "tests/simulation/broker_judge.hpp"

namespace baton::internal::simulation {

// For a put to be sent again, and asked for once more if it was lost.
constexpr Duration long_enough = 4s;

std::string BrokerJudge::put_of(ItemId id) const {
  const auto found = items_.find(id);
  if (found == items_.end()) return name(id);
  const auto& item = found->second;
  if (!durable_) return name(id) + " of life " + std::to_string(life_);
  return "put " + std::to_string(item.number.value) + " of " + item.producer + "/" +
         to_hex(item.run).substr(0, 8);
}

/// Ids are never used again by a durable broker.
const BrokerJudge::Item* BrokerJudge::earlier(ItemId id) const {
  for (const auto* life = before_; life; life = life->before_)
    if (const auto found = life->items_.find(id); found != life->items_.end())
      return &found->second;
  return nullptr;
}

/// The same put, if it was sent again and is here.
const BrokerJudge::Item* BrokerJudge::here_again(const Item& was, ItemId& id) const {
  for (const auto& [here, item] : items_)
    if (item.again && same_put(item, was)) {
      id = here;
      return &item;
    }
  return nullptr;
}

/// False: in vain.
bool BrokerJudge::reclaims_put(const SessionId& id, Standing& session, ItemId as,
                               const PutName& put, std::uint32_t deliveries) {
  const auto* was = earlier(as);
  PROMISE(was && was->number == put.number, name(as) + " is reclaimed with its put's number");
  if (!takes_reclaims_ || !takes_reclaims_() || !hellos_.at(id).previous) return false;
  ItemId here;
  if (const auto* item = here_again(*was, here)) {
    const bool free = item->place == Place::returned || item->place == Place::waiting ||
                      item->place == Place::delayed;
    if (deliveries < item->deliveries || !(free || item->place == Place::held)) return false;
    if (item->place == Place::held && deliveries == item->deliveries) return false;
    auto& mine = this->item(here);
    mine.deliveries = deliveries;
    holds_again(id, session, here, deliveries);
    called_[as] = here;
    mine.acked_by_user = mine.acked_by_user || was->acked_by_user;
    mine.user_fails = std::max(mine.user_fails, was->user_fails);
    return true;
  }
  const auto other = put_reclaims_.find(as);
  if (other != put_reclaims_.end() && other->second.deliveries >= deliveries) return false;
  std::vector<PutReclaim> before;
  if (other != put_reclaims_.end()) before = passes_on(other->second, as);
  put_reclaims_[as] = {id, deliveries, PutReclaim::Settled::nothing, {}, std::move(before)};
  session.puts.insert(as);
  session.puts_reclaimed.insert(as);
  return true;
}

/// To one with a higher count. What failed by word has failed all the same.
std::vector<BrokerJudge::PutReclaim> BrokerJudge::passes_on(PutReclaim& reclaim, ItemId as) {
  auto before = std::move(reclaim.before);
  if (reclaim.settled == PutReclaim::Settled::failed) {
    before.push_back(std::move(reclaim));
  } else if (const auto loser = standing_.find(reclaim.session); loser != standing_.end()) {
    loser->second.puts.erase(as);
    loser->second.reclaimed_in_vain.insert(as);
  }
  return before;
}

/// The one that said before that it failed holds it again, as far as it goes.
void BrokerJudge::gives_back(ItemId as) {
  auto before = std::move(put_reclaims_.at(as).before);
  put_reclaims_.erase(as);
  if (before.empty()) return;
  auto last = std::move(before.back());
  before.pop_back();
  last.before = std::move(before);
  put_reclaims_[as] = std::move(last);
}

/// `nothing` is said with a release.
bool BrokerJudge::settles_put(Standing& session, ItemId as, PutReclaim::Settled settled,
                              Duration delay, SeqNo number) {
  if (session.puts.erase(as) == 0) return false;
  if (settled == PutReclaim::Settled::nothing) {
    gives_back(as);
    return true;
  }
  auto& reclaim = put_reclaims_.at(as);
  reclaim.settled = settled;
  reclaim.delay = delay;
  session.put_settles[number] = as;
  return true;
}

void BrokerJudge::drop_puts(Standing& session) {
  for (const auto as : std::exchange(session.puts, {})) gives_back(as);
}

/// Told so at once when its number says that it was done, or when the time for it is over.
bool BrokerJudge::may_be_lost(ItemId as) const {
  const auto* was = earlier(as);
  const auto kept = was ? kept_up_to_.find(was->producer) : kept_up_to_.end();
  return !takes_reclaims_() || (kept != kept_up_to_.end() && was->number <= kept->second);
}

/// Whether its producer has been here for long enough, and has it.
bool BrokerJudge::could_be_put_again(ItemId as) const {
  const auto* was = earlier(as);
  if (takes_reclaims_() || !was) return false;
  return std::any_of(standing_.begin(), standing_.end(), [&](const auto& entry) {
    const auto& hello = hellos_.at(entry.first);
    return entry.second.role == Role::producer && hello.name == was->producer &&
           hello.run == was->run && hello.previous &&
           hello.previous->broker_instance == previous_broker_ && hello.first_put <= was->number &&
           hello.last_put >= was->number && world_.now() - entry.second.since > long_enough;
  });
}

void BrokerJudge::put_again(Item& item, ItemId id) {
  const auto reclaim =
      std::find_if(put_reclaims_.begin(), put_reclaims_.end(), [&](const auto& one) {
        const auto* was = earlier(one.first);
        return was && same_put(*was, item);
      });
  if (reclaim == put_reclaims_.end() || !takes_reclaims_()) return;
  const auto as = reclaim->first;
  const auto what = reclaim->second;
  const auto* was = earlier(as);
  put_reclaims_.erase(reclaim);
  item.delivered = true;
  item.acked_by_user = was->acked_by_user;
  item.user_fails = was->user_fails;
  if (what.settled != PutReclaim::Settled::done)
    item.expected += static_cast<std::uint32_t>(what.before.size());
  touched_.insert(id);
  if (what.settled == PutReclaim::Settled::nothing) {
    auto& session = standing_.at(what.session);
    session.puts.erase(as);
    item.deliveries = what.deliveries;
    holds_again(what.session, session, id, what.deliveries);
    called_[as] = id;
    return;
  }
  ready_of(item).waiting.erase(id);
  if (item.place == Place::delayed) delayed_.erase({item.due, id});
  item.due = {};
  touched_.insert(id);
  if (what.settled == PutReclaim::Settled::done) {
    item.place = Place::acked;
    item.deliveries = item.expected_deliveries = what.deliveries;
    return;
  }
  item.expected_deliveries = what.deliveries + 1;
  fail(item, id, what.delay);
}

}  // namespace baton::internal::simulation
