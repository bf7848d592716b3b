// What goes on from one life of a durable broker to the next.
#include <algorithm>

#include "tests/simulation/broker_judge.hpp"

namespace baton::internal::simulation {

void BrokerJudge::loads(BrokerInstance before, CountStored count_stored,
                        std::function<bool(ItemId)> is_stored) {
  count_stored_ = std::move(count_stored);
  is_stored_ = std::move(is_stored);
  previous_broker_ = before;
  reclaims_since_ = world_.now();
  PROMISE(before == (before_ ? before_->broker_instance_ : BrokerInstance{}),
          "who held items of the last life may reclaim them at this one");
  // Ids are never used again, written or not.
  for (const auto* life = before_; life && last_id_ == ItemId{}; life = life->before_)
    last_id_ = last_of_turn_ = life->last_id_;
}

/// Whatever the wall clock says: what is left is the time until it is due, of what was asked at
/// most, and 0 once it was over.
bool BrokerJudge::may_be_left(const Item& was, const broker::StoredItem& kept, Time now) {
  constexpr Duration rounding = 3ms;
  const std::chrono::milliseconds left(kept.delay_ms);
  return std::any_of(was.delays.begin(), was.delays.end(), [&](const auto& delay) {
    const auto expected = std::clamp<Duration>(delay.due - now, Duration::zero(), delay.asked);
    return kept.failures == delay.failures && left <= delay.asked &&
           std::chrono::abs(left - expected) <= rounding;
  });
}

/// By the clock of the life that begins. What is left is cut to what was asked; what is kept is
/// not.
Time BrokerJudge::due_of(const Item::Delay& delay, const broker::StoredItem& kept,
                         Duration astray) const {
  const std::chrono::milliseconds left(kept.delay_ms);
  return left < delay.asked ? world_.now() + left : delay.due - astray;
}

void BrokerJudge::kept(const broker::StoredItem& kept, const std::string& producer, SeqNo number,
                       Duration astray) {
  const auto it = "item " + std::to_string(kept.id.value);
  PROMISE(before_ && before_->items_.contains(kept.id), it + " is what an earlier life has kept");
  const auto& was = before_->items_.at(kept.id);
  PROMISE(was.producer == producer && was.number == number, it + " is whose it was");
  PROMISE(!was.ack_confirmed, it + " was acked, and its ack confirmed: it does not come again");
  PROMISE(kept.failures >= was.fails_confirmed, it + ": failures that were confirmed are kept");
  PROMISE(kept.failures <= was.most_failures, it + ": failures are counted once");
  PROMISE(kept.dead == (kept.failures >= max_attempts_),
          it + " is dead after max_attempts, not before");
  PROMISE(may_be_left(was, kept, world_.now() + astray),
          it + ": its delay goes on, and no longer than it was asked");
  Item item;
  item.producer = producer;
  item.number = number;
  item.put = was.put;
  item.run = was.run;
  item.again = kept.again != 0;
  item.kept = true;
  item.acked_by_user = was.acked_by_user;
  item.suspect = kept.suspect;
  item.buried = kept.dead;
  item.user_fails = was.user_fails;
  item.failures = item.expected = item.fails_confirmed = item.most_failures = kept.failures;
  for (const auto& delay : was.delays)
    if (kept.failures == delay.failures)
      item.delays.push_back({kept.failures, due_of(delay, kept, astray), delay.asked});
  item.deliveries = item.expected_deliveries = std::max<std::uint32_t>(1, kept.deliveries);
  kept_items_ += !kept.dead;  // nobody reclaims what is dead
  if (kept.dead) {
    item.place = Place::dead;
    ++dead_;
  } else if (kept.delay_ms > 0) {
    item.place = Place::delayed;
    item.late = true;
    item.due = world_.now() + std::chrono::milliseconds(kept.delay_ms);
    delayed_.emplace(item.due, kept.id);
  } else {
    ready_of(item).waiting.insert(kept.id);
  }
  items_.emplace(kept.id, std::move(item));
}

void BrokerJudge::ends_in_order() {
  for (auto& [id, item] : items_)
    item.ack_confirmed = item.ack_confirmed || item.place == Place::done;
}

/// An ack counts only of whom the item was given last: not of one who had lost it to another before
/// the crash, however early its reclaim comes.
void BrokerJudge::check_right(const Item& item, ItemId id) const {
  if (item.reclaimed_as == SessionId{} || !before_) return;
  const auto was = before_->items_.find(id);
  if (was == before_->items_.end() || was->second.place != Place::held) return;
  PROMISE(was->second.holder == item.reclaimed_as,
          "item " + std::to_string(id.value) +
              " was another one's when the broker died: this ack does not count");
}

/// Its user may say so in a later life than the one in which it got it.
void BrokerJudge::acked(ItemId id) {
  if (const auto found = items_.find(called(id)); found != items_.end())
    found->second.acked_by_user = true;
}

void BrokerJudge::failed(ItemId id) {
  if (const auto found = items_.find(called(id)); found != items_.end()) ++found->second.user_fails;
}

}  // namespace baton::internal::simulation
