// The items of the model: what is stored, delivered, in whose hands, in which order.
#include <algorithm>
#include <tuple>
#include <utility>

#include "tests/simulation/broker_judge.hpp"

namespace baton::internal::simulation {
namespace {

constexpr std::size_t max_entry = part_bytes;  // bytes of a body, or a part of one
constexpr std::size_t entry_bytes = 28;        // before a body
constexpr std::size_t some_bytes = 16 << 10;   // that any link may have
constexpr std::size_t most_head = 64;          // of an entry

constexpr std::size_t most_besides = 64;    // bytes of an entry besides its body
constexpr Duration reclaims_again = 150ms;  // until the broker has seen that all reclaims are in

}  // namespace

BrokerJudge::Item& BrokerJudge::item(ItemId id) {
  const auto found = items_.find(id);
  PROMISE(found != items_.end(), name(id) + " exists");
  return found->second;
}

// --- the storage ---------------------------------------------------------------------------------

void BrokerJudge::stored(const broker::StoredItem& record, const broker::Names& names,
                         std::string_view body) {
  Item item;
  item.producer = names.producer;
  item.number = record.number;
  item.put = puts_.stored(life_, item.producer, record.number, body);
  PROMISE(item.put.body == body && item.put.queue == names.queue &&
              item.put.priority == record.priority && item.put.delay_ms == record.delay_ms,
          "an item is stored as it was put");
  item.run = runs_[item.producer];
  item.stored = world_.now();
  item.again = record.again != 0;
  again_items_ += item.again;
  PROMISE(record.id > last_id_, "ids rise");
  item.note_delay(record, world_.now());
  last_id_ = record.id;
  if (record.delay_ms > 0) {
    item.place = Place::delayed;
    item.late = true;
    item.due = world_.now() + std::chrono::milliseconds(record.delay_ms);
    delayed_.emplace(item.due, record.id);
  } else {
    ready_of(item).waiting.insert(record.id);
  }
  auto& stored = items_.emplace(record.id, std::move(item)).first->second;
  if (stored.again) put_again(stored, record.id);
}

void BrokerJudge::updated(const broker::StoredItem& record) {
  auto& item = this->item(record.id);
  world_.trace(
      [&] { return "storage: " + name(record.id) + " failed " + std::to_string(record.failures); });
  const bool open = item.place != Place::done && item.place != Place::acked;
  PROMISE(open || item.taken_up_in == turn_, name(record.id) + " is done: nothing happens to it");
  item.failures = record.failures;
  item.suspect = record.suspect;
  item.buried = record.dead;
  if (record.dead) item.buried_in = turn_;
  item.note_delay(record, world_.now());
  item.deliveries = record.deliveries;
  item.most_failures = std::max(item.most_failures, item.failures);
  touched_.insert(record.id);
  dead_ += record.dead;
  PROMISE(record.dead == (item.failures >= max_attempts_),
          name(record.id) + " is dead after max_attempts, not before");
  if (left_unheard_.contains(item.holder)) ++item.user_fails;
  PROMISE(!peace_.calm || item.failures <= item.user_fails,
          name(record.id) + " fails only when its user says so");
  // A user's word ends the suspicion: it may then meet poison again.
  PROMISE(
      !peace_.only_poison || is_poison(item.put.body) || item.failures <= 2 * item.user_fails + 1,
      name(record.id) + " does no harm: it goes alone after one death beside poison");
}

/// A queue keeps so many dead items, of so many bytes, and the newest in any case, unless all
/// queues together have too many: then the one goes that died first.
void BrokerJudge::dropped(Item& item, ItemId id) {
  std::uint64_t count = 0, bytes = 0, all = 0;
  bool first = true;
  for (const auto& [other_id, other] : items_) {
    if (!other.buried || other.dropped) continue;
    ++all;
    first = first && other.buried_in >= item.buried_in;
    if (other.put.queue != item.put.queue) continue;
    ++count;
    bytes += other.put.body.size();
  }
  PROMISE(
      !item.dropped && (count > settings_.max_dead || (count > 1 && bytes > settings_.max_bytes) ||
                        (all > settings_.max_dead_total && first)),
      name(id) + " is kept: there is room for dead items");
  item.dropped = true;
  puts_.dropped(item.producer, item.number);
}

void BrokerJudge::erased(ItemId id) {
  auto& item = this->item(id);
  if (item.buried) return dropped(item, id);
  PROMISE(item.delivered && item.acked_by_user, name(id) + " is gone only when its user acked it");
  PROMISE(item.place != Place::done, name(id) + " is done once");
  PROMISE(item.place == Place::acked, name(id) + " is gone only when its holder acked it");
  item.place = Place::done;
  puts_.settled(life_, item.producer, item.number, false);
}

// --- where an item goes --------------------------------------------------------------------------

void BrokerJudge::let_go(Standing& session, Item& item, ItemId id) {
  session.held.erase(id);
  item.holder = {};
  touched_.insert(id);
}

/// It came back without its holder's word: it goes out again under a higher count.
void BrokerJudge::loses(Item& item, const SessionId& by, bool counted) {
  ++item.expected_deliveries;
  item.lost_by = by;
  item.lost_counted = counted;
  item.unsaid = true;
  item.kept_in = 0;
}

/// Nobody is given it before its count is kept; the broker hears of that in a turn, and the next
/// one gives it.
bool BrokerJudge::waits_for_disk(const Item& item) const {
  return count_stored_ && item.unsaid && (item.kept_in == 0 || item.kept_in == turn_);
}

void BrokerJudge::note_stored() {
  if (!count_stored_) return;
  for (auto& [id, item] : items_)
    if (item.unsaid && item.kept_in == 0 && item.place == Place::returned &&
        count_stored_(id) >= item.deliveries)
      item.kept_in = turn_;
}

void BrokerJudge::to_front(Item& item, ItemId id) {
  item.place = Place::returned;
  item.returned_in = turn_;
  ready_of(item).returned.insert(id);
}

void BrokerJudge::release(const SessionId& by, Standing& session, ItemId id) {
  PROMISE(!forsaken_.contains({by, id}),
          name(id) + " has failed when its consumer ends without a word on it");
  auto& item = this->item(id);
  let_go(session, item, id);
  to_front(item, id);
}

void BrokerJudge::fail(Item& item, ItemId id, Duration delay) {
  ++item.expected;
  if (item.expected >= max_attempts_) {
    item.place = Place::dead;
    puts_.settled(life_, item.producer, item.number, true);
  } else if (delay > Duration::zero()) {
    item.place = Place::delayed;
    item.late = true;
    item.delay_may_be_over = takes_reclaims_ && takes_reclaims_();
    item.due = world_.now() + delay;
    delayed_.emplace(item.due, id);
  } else {
    to_front(item, id);
  }
}

void BrokerJudge::due_now() {
  while (!delayed_.empty() && delayed_.begin()->first <= world_.now()) {
    const auto id = delayed_.extract(delayed_.begin()).value().second;
    auto& item = this->item(id);
    item.place = Place::waiting;
    ready_of(item).waiting.insert(id);
  }
}

// --- deliveries ----------------------------------------------------------------------------------

void BrokerJudge::check_item(const Item& item, const Delivery& delivery) const {
  const auto it = name(delivery.id);
  PROMISE(item.place != Place::done && item.place != Place::acked,
          it + " was acked: it is not given again");
  PROMISE(item.place != Place::dead, it + " is dead: it is not given");
  PROMISE(item.place != Place::delayed && world_.now() >= item.due,
          it + " is not given before its delay is over");
  PROMISE(item.place != Place::held, it + " has one holder at a time");
  PROMISE(delivery.priority == item.put.priority, it + " is as it was put");
  if (delivery.whole == 0)
    PROMISE(delivery.body == item.put.body, it + " is as it was put");
  else
    PROMISE(delivery.whole == item.put.body.size() && item.put.body.starts_with(delivery.body),
            it + " begins as it was put");
  PROMISE(delivery.deliveries == item.deliveries, it + " goes out under its count of deliveries");
  PROMISE(!count_stored_ || !item.unsaid || count_stored_(delivery.id) >= item.deliveries,
          it + " goes out again when it is kept that it came back, not before");
  PROMISE(!is_stored_ || is_stored_(delivery.id) ||
              (delivery.put.producer != 0 && delivery.put.number == item.number),
          it + " is delivered with its put's number, so that who has it can reclaim it");
  PROMISE(delivery.attempt == item.failures + 1,
          it + ": attempt " + std::to_string(delivery.attempt) + " comes after " +
              std::to_string(item.failures) + " failures");
}

void BrokerJudge::delivery(const SessionId& session, std::uint32_t generation, SeqNo number,
                           const Delivery& delivery, bool heard) {
  ++given_;
  turn_bytes_ += delivery.body.size() + entry_bytes;  // to nobody, too
  auto& item = this->item(delivery.id);
  world_.trace(
      [&] { return "delivery links: " + name(delivery.id) + (heard ? "" : ", to nobody"); });
  PROMISE(!reclaims_last(),
          name(delivery.id) + " is delivered while those who held items may reclaim them");
  const auto found = standing_.find(session);
  const bool stale = !heard || found == standing_.end() || found->second.generation != generation ||
                     found->second.closed;
  const auto left = closes_.find(session);
  const bool unsaid = stale && (left == closes_.end() ||
                                left->second != generation);  // by a close after a lost link, too
  if (stale && times_[delivery.id]++ > 0) {                   // another one has it by now
    item.expected_deliveries += unsaid;
    return;
  }
  if (!stale) ++times_[delivery.id];
  auto& ready = ready_of(item);
  if (!item.suspect)
    delivered_.push_back(
        {delivery.id, item.delivered, message_});  // else it goes before all others
  ready.waiting.erase(delivery.id);
  ready.returned.erase(delivery.id);
  item.delivered = true;
  touched_.insert(delivery.id);
  item.lost_by = item.reclaimed_as = {};
  if (stale) {  // it came back within the turn: with a failure if its session was lost meanwhile
    const bool counted =
        lost_.contains(session) && !link_failed_.contains(session) && item.failures > item.expected;
    if (unsaid) loses(item, session, counted);
    if (counted) return fail(item, delivery.id, {});
    return to_front(item, delivery.id);
  }
  check_item(item, delivery);
  item.unsaid = false;
  auto& to = found->second;
  ++to.answered;
  PROMISE(to.answered <= to.requested, "on demand: nothing is delivered that was not asked for");
  check_alone(to, delivery.id);
  item.place = Place::held;
  item.taken = false;
  item.holder = session;
  item.generation = generation;
  item.link_number = number;
  item.link_end = delivery.whole == 0 ? number : SeqNo{};
  const bool between = to.parting != ItemId{} && to.held.contains(to.parting);
  PROMISE(!between,
          name(delivery.id) + " is not given before all of " + name(to.parting) + " is sent");
  to.parting = delivery.whole == 0 ? ItemId{} : delivery.id;
  to.delivery = delivery.body.size();
  sent(to, number, delivery.body.size());
  to.held.insert(delivery.id);
}

void BrokerJudge::part(const SessionId& session, std::uint32_t generation, SeqNo number,
                       std::string_view bytes) {
  turn_bytes_ += bytes.size();
  const auto found = standing_.find(session);
  if (found == standing_.end() || found->second.generation != generation || found->second.closed)
    return;
  auto& to = found->second;
  PROMISE(to.held.contains(to.parting), "parts are sent of what its consumer holds");
  auto& item = this->item(to.parting);
  PROMISE(item.put.body.substr(to.delivery, bytes.size()) == bytes,
          name(to.parting) + " goes on as it was put");
  to.delivery += bytes.size();
  to.parts_in = turn_;
  sent(to, number, bytes.size());
  if (to.delivery < item.put.body.size()) return;
  item.link_end = number;
  to.parting = {};
}

void BrokerJudge::none(const SessionId& session, std::uint32_t generation) {
  const auto found = standing_.find(session);
  if (found == standing_.end() || found->second.generation != generation || found->second.closed)
    return;
  ++found->second.answered;
  PROMISE(found->second.answered <= found->second.requested,
          "on demand: only requests are answered");
}

// --- order ---------------------------------------------------------------------------------------

/// What was ready before this turn, and still is, must not stand before what the turn delivered: a
/// higher priority, an item that came back, a lower number. Where delays end, there is no saying.
void BrokerJudge::check_order(const Priorities& ready, ItemId id, bool returned) const {
  const auto& handed = items_.at(id);
  const auto first = [&](const std::set<ItemId>& ids, bool came_back, std::uint8_t priority) {
    for (const auto other : ids) {
      const auto& item = items_.at(other);
      const bool in_time =
          came_back ? item.returned_in < turn_ : other <= last_of_turn_ && !item.late;
      if (!in_time || item.suspect || times_.contains(other) || waits_for_disk(item)) continue;
      if (priority == handed.put.priority) {
        if (handed.late && !came_back) continue;
        if (returned && !came_back) continue;
        if (returned == came_back && id < other) continue;
      }
      throw Violation("order: " + name(id) + " is delivered before " + name(other));
    }
  };
  for (const auto& [priority, at] : ready) {
    if (priority < handed.put.priority) return;
    first(at.returned, true, priority);
    first(at.waiting, false, priority);
  }
}

void BrokerJudge::check_order() const {
  std::map<std::tuple<std::uint64_t, std::string, std::uint8_t>, ItemId>
      last;  // by message, queue and priority
  for (const auto& [id, returned, message] : delivered_) {
    const auto& item = items_.at(id);
    check_order(ready_.at(item.put.queue), id, returned);
    if (returned || item.late || times_.at(id) > 1) continue;
    auto& before = last[{message, item.put.queue, item.put.priority}];
    PROMISE(before < id, "order: " + name(id) + " is given behind " + name(before));
    before = id;
  }
}

/// No item is ready while somebody asks.
void BrokerJudge::check_demand() const {
  if (hands_off_ && !hands_off_()) return;
  if (reclaims_last({}) || (kept_items_ > 0 && world_.now() <= reclaims_seen_ + reclaims_again))
    return;
  if (!link_failed_.empty()) return;  // what was for them is delivered with the next turn
  if (turn_bytes_ + delivered_.size() * most_besides >= settings_.turn_bytes) return;
  std::vector<const Standing*> requesting;
  for (const auto& [id, session] : standing_)
    if (session.may_request() && session.open_requests() > 0 && has_room(session) &&
        !holds_suspect(session) && !doubts(session))
      requesting.push_back(&session);
  if (requesting.empty()) return;
  for (const auto& [queue, priorities] : ready_)
    for (const auto& [priority, ready] : priorities)
      for (const auto* ids : {&ready.waiting, &ready.returned})
        for (const auto id : *ids)
          PROMISE(waits_for_disk(items_.at(id)) || may_wait_for_a_free_hand(requesting, id),
                  "on demand: " + name(id) + " waits while somebody asks");
}

/// Deaths, silences and failures count, releases and lost links do not.
void BrokerJudge::check_attempts() {
  for (const auto id : touched_) {
    const auto& item = items_.at(id);
    PROMISE(item.place != Place::acked, name(id) + ": an ack of its holder counts");
    PROMISE(item.failures == item.expected, name(id) + " failed " + std::to_string(item.expected) +
                                                " times, not " + std::to_string(item.failures));
    PROMISE(item.place == Place::done || item.deliveries == item.expected_deliveries,
            name(id) + " is to go out under count " + std::to_string(item.expected_deliveries) +
                ", not " + std::to_string(item.deliveries));
  }
}

void BrokerJudge::turn_ends(const Knows& knows, bool more) {
  due_now();
  check_lost(knows);
  check_closes(knows);
  note_stored();
  note_reclaims();
  check_order();
  PROMISE(std::exchange(given_, 0) <= turn_work_,
          "bounded: a turn delivers " + std::to_string(turn_work_) + " items at most");
  if (!more || turn_work_ == broker::CoreSettings{}.turn_work) check_demand();
  check_attempts();
  check_bytes();
  check_credit();
  turn_bytes_ = 0;
  delivered_.clear();
  times_.clear();
  touched_.clear();
  for (const auto& id : link_opened_)
    if (const auto found = standing_.find(id); found != standing_.end())
      found->second.without_link = false;
  link_failed_.clear();
  link_opened_.clear();
  lost_.clear();
  last_of_turn_ = last_id_;
  ++turn_;
}

// --- bytes ---------------------------------------------------------------------------------------

void BrokerJudge::sent(Standing& session, SeqNo number, std::size_t bytes) {
  session.under_way.emplace_back(number, bytes);
  session.bytes += bytes;
}

void BrokerJudge::arrived(Standing& session, SeqNo number) {
  auto& under_way = session.under_way;
  for (; !under_way.empty() && under_way.front().first <= number; under_way.pop_front()) {
    session.bytes -= under_way.front().second;
    session.arrived_meanwhile += under_way.front().second + most_head;
  }
  if (under_way.empty()) session.arrived_meanwhile = 0;
}

/// Whether items must not wait while it asks: certainly when little is under way to it. The broker
/// counts by the 16 KiB, some of which may have arrived.
bool BrokerJudge::has_room(const Standing& session) const {
  const auto counted = session.bytes + std::min(session.arrived_meanwhile, some_bytes);
  return session.parting == ItemId{} && session.parts_in != turn_ && counted < some_bytes;
}

/// Bounded: what is under way on each link and on all of them, and what one turn sends.
void BrokerJudge::check_bytes() const {
  const auto one_more = max_entry + some_bytes;
  std::size_t all = 0, links = 0;
  for (const auto& [id, session] : standing_) {
    all += session.bytes;
    links += session.bytes > 0;
    PROMISE(session.bytes <= std::max<std::uint64_t>(settings_.link_window, part_bytes) + one_more,
            "bounded: bytes under way on the delivery link of " + to_hex(id).substr(0, 8));
  }
  PROMISE(all <= settings_.links_window + links * one_more,
          "bounded: bytes under way on all delivery links");
  const auto largest =
      std::clamp<std::uint64_t>(settings_.link_window / 4, part_bytes, large_part_bytes);
  PROMISE(turn_bytes_ <= 2 * (settings_.turn_bytes + largest + some_bytes),
          "bounded: bytes of one turn");
}

// --- a consumer's user ---------------------------------------------------------------------------

void BrokerJudge::taken(const User& user, const SessionId& session, const Delivery& delivery,
                        const std::string& queue) {
  auto& item = this->item(delivery.id);
  PROMISE(item.delivered, user + " takes what was delivered");
  if (item.holder == session) item.taken = true;
  PROMISE(!peace_.trust || item.holder == session,
          user + " does not take " + name(delivery.id) + ", which went elsewhere");
  PROMISE(delivery.body == item.put.body, user + " takes " + name(delivery.id) + " as it was put");
  PROMISE(queue == item.put.queue, user + " is told the queue of " + name(delivery.id));
}

void BrokerJudge::check_hands(std::vector<Hand>& hands) {
  std::sort(hands.begin(), hands.end());
  const auto both = std::adjacent_find(hands.begin(), hands.end(),
                                       [](const Hand& a, const Hand& b) { return a.put == b.put; });
  if (both == hands.end()) return;
  broken(std::string(both->put) + " is in the hands of one at a time, not of " +
         std::string(both->user) + " and " + std::string(std::next(both)->user));
}

void BrokerJudge::check_end() const {
  for (const auto& [id, item] : items_)
    PROMISE(item.place == Place::done || item.place == Place::dead,
            name(id) + " of " + item.producer + " is settled in the end");
}

}  // namespace baton::internal::simulation
