// The sessions of the model: who stands, what they say, who may be held for lost, and when.
#include <algorithm>

#include "tests/simulation/broker_judge.hpp"

namespace baton::internal::simulation {
namespace {

constexpr Duration a_turn = 50ms;  // until the broker has noticed that a time is over

constexpr Duration answered_within = 3s;

std::string name(const SessionId& id) { return "session " + to_hex(id).substr(0, 8); }

std::string as_list(const std::set<ItemId>& ids) {
  std::string text = ids.empty() ? " nothing" : "";
  for (const auto id : ids) text += " " + std::to_string(id.value);
  return "of" + text;
}

}  // namespace

// --- what reaches the broker ---------------------------------------------------------------------

void BrokerJudge::reaches(std::string_view frame) {
  Header header;
  if (read_header(frame, header) != Refusal::none) return;
  if (header.type == MessageType::hello || header.broker_instance == broker_instance_)
    heard_[header.session] = world_.now();
}

void BrokerJudge::subscription(const SessionId& topic, bool arrives) {
  auto& count = subscriptions_[topic] += arrives ? 1 : -1;
  if (arrives)
    left_.erase(topic);
  else if (count == 0)
    left_[topic] = world_.now();
}

// --- what the broker reads -----------------------------------------------------------------------

void BrokerJudge::reads(std::string_view frame) {
  Header header;
  if (read_header(frame, header) != Refusal::none) return;
  if (header.type == MessageType::hello) {
    Hello hello;
    std::string why;
    if (parse(payload_of(frame), hello, why) != Refusal::none) return;
    if (hello.previous && hello.previous->broker_instance == broker_instance_)
      if (const auto old = standing_.find(hello.previous->session); old != standing_.end())
        old->second.superseded = true;
    hellos_.emplace(header.session, std::move(hello));
    return;
  }
  const auto found = standing_.find(header.session);
  if (found == standing_.end()) return;
  auto& session = found->second;
  // Its client stands with an earlier broker, and the hello came late: it is told to begin again.
  if (header.broker_instance != broker_instance_) session.refused = true;
  if (header.broker_instance != broker_instance_) return;
  doubted_.erase(session.process);
  Heartbeat heartbeat;
  if (header.type == MessageType::heartbeat &&
      decode_heartbeat(payload_of(frame), heartbeat) == Refusal::none &&
      heartbeat.link_generation == session.generation)
    arrived(session, heartbeat.link_received);
  if (header.type != MessageType::control) return;
  if (header.number.value == 0 || header.number > session.next) return;
  EntryReader in(payload_of(frame));
  Entry entry;
  for (auto number = header.number; in.next(entry); number += 1) {
    if (number < session.next) continue;
    PROMISE(!session.closed, name(header.session) + ": nothing follows its close");
    session.next = number + 1;
    apply(header.session, session, entry, number);
  }
}

void BrokerJudge::apply(const SessionId& id, Standing& session, const Entry& entry, SeqNo number) {
  const auto holds = [&](ItemId item) {
    return session.held.contains(called(item)) || session.puts.contains(item);
  };
  if (entry.kind != EntryKind::reclaim && entry.kind != EntryKind::reclaim_put)
    session.reclaims_left = 0;
  switch (entry.kind) {
    case EntryKind::request:
      session.requested = std::max(session.requested, read_request(entry).requested());
      session.begun = std::max(session.begun, {session.generation, read_request(entry).begun});
      session.most_waiting = std::max(session.most_waiting, read_request(entry).blocked);
      return;
    case EntryKind::ack:
    case EntryKind::release:
      return settle(id, session, entry, number);
    case EntryKind::fail: {
      const auto failure = read_settlement(entry);
      const std::chrono::milliseconds delay(failure.delay_ms);
      if (!holds(failure.id)) return;
      if (settles_put(session, failure.id, PutReclaim::Settled::failed, delay, number)) return;
      const auto item_id = called(failure.id);
      auto& item = this->item(item_id);
      let_go(session, item, item_id);
      ++item.expected_deliveries;
      session.fails[number] = {item_id, item.expected + 1};
      return fail(item, item_id, delay);
    }
    case EntryKind::link_lost:
      return link_lost(id, session, read_link_lost(entry));
    case EntryKind::reclaim:
    case EntryKind::reclaim_put: {
      std::vector<Reclaim> reclaims;
      read_reclaims(entry, reclaims);
      for (const auto& reclaim : reclaims) this->reclaims(id, session, reclaim);
      return;
    }
    case EntryKind::close:
      session.closed = true;
      session.closed_at = world_.now();
      closes_.emplace(id, session.generation);
      session.requested = session.answered;
      while (!session.held.empty()) release(id, session, *session.held.begin());
      drop_puts(session);
      arrived(session, SeqNo{UINT64_MAX});
      world_.trace([&] { return name(id) + " closes"; });
      return;
    default:
      return;
  }
}

/// Acks and releases.
void BrokerJudge::settle(const SessionId& by, Standing& session, const Entry& entry, SeqNo number) {
  const bool ack = entry.kind == EntryKind::ack;
  std::vector<ItemRun> runs;
  read_runs(entry, runs);
  for (const auto& run : runs)
    for (std::uint32_t i = 0; i < run.count; ++i) {
      const auto named = run.first + i;
      const auto item_id = called(named);
      if (session.puts.contains(named)) {
        settles_put(session, named, ack ? PutReclaim::Settled::done : PutReclaim::Settled::nothing,
                    {}, number);
        continue;
      }
      if (!session.held.contains(item_id)) continue;
      if (!ack) {
        release(by, session, item_id);
        continue;
      }
      auto& item = this->item(item_id);
      check_right(item, item_id);
      let_go(session, item, item_id);
      item.place = Place::acked;
      if (item.generation == session.generation) arrived(session, item.link_number);
      session.acks[number].push_back(item_id);
    }
}

/// What came over the lost link after the last number received comes back.
void BrokerJudge::link_lost(const SessionId& by, Standing& session, const LinkLost& lost) {
  if (lost.generation != session.generation) return;
  for (const auto id : std::set<ItemId>(session.held)) {
    auto& item = items_.at(id);
    const bool arrived = item.link_end != SeqNo{} && item.link_end <= lost.received;
    if (item.generation != lost.generation || arrived) continue;
    PROMISE(!peace_.lossless, "item " + std::to_string(id.value) +
                                  " is not taken back from a delivery link that stands");
    release(by, session, id);
    loses(item, by, false);
  }
  session.parting = {};
  arrived(session, SeqNo{UINT64_MAX});
  ++session.generation;
  session.requested = lost.wanted;
  session.answered = 0;
}

void BrokerJudge::link_failed(const SessionId& session) {
  link_failed_.insert(session);
  if (const auto found = standing_.find(session); found != standing_.end())
    found->second.without_link = true;
}

void BrokerJudge::link_opened(const SessionId& session, std::uint32_t generation) {
  const auto found = standing_.find(session);
  if (found == standing_.end() || !found->second.without_link) return;
  found->second.generation = generation;
  link_opened_.insert(session);
}

// --- who is alive --------------------------------------------------------------------------------

/// How long the broker stood still since `time`; each pause but for `nap` of it, and only if what
/// is over is noticed.
Duration BrokerJudge::pauses_since(Time time, Duration nap) const {
  const auto noticed = nap > Duration::zero() ? longest_pause : Duration::zero();
  Duration sum{};
  for (const auto& [from, to] : pauses_) {
    const auto pause = std::min(to, world_.now()) - std::max(from, time);
    if (pause > nap + noticed) sum += pause - nap;
  }
  return sum;
}

/// A consumer is held for lost after its last message by session_timeout at the soonest, or after
/// its notification connection left and did not come back within the reconnect grace; the broker's
/// own pauses do not count.
void BrokerJudge::check_robbed(const SessionId& id) const {
  const auto now = world_.now();
  const auto heard = heard_.find(id);
  const auto left = left_.find(id);
  const bool silent =
      heard == heard_.end() ||
      now - heard->second - pauses_since(heard->second, longest_nap) >= session_timeout - eps;
  const bool gone = left != left_.end() && now - left->second >= reconnect_grace - eps;
  PROMISE(silent || gone, name(id) + " is alive: it is not held for lost");
  // It may never have had its welcome.
  const bool silent_client = standing_.at(id).next == SeqNo{1};
  PROMISE(!peace_.calm || silent_client || left_unheard_.contains(id),
          name(id) + " is not held for lost when nothing is wrong");
}

void BrokerJudge::lose(const SessionId& id, Standing& session) {
  const bool counts = !session.closed && !session.superseded;
  if (counts && session.role == Role::consumer && !session.refused && !link_failed_.contains(id))
    check_robbed(id);
  if (counts) lost_.insert(id);
  doubted_.insert(session.process);
  // Whether the broker held the old session for lost before the hello of the new one stood is its
  // own affair.
  lose_items(id, session, counts);
  drop_puts(session);
}

void BrokerJudge::sessions(const Knows& knows) {
  due_now();
  for (auto at = standing_.begin(); at != standing_.end();) {
    const bool known = knows(at->first);
    if (!known) lose(at->first, at->second);
    at = known ? std::next(at) : standing_.erase(at);
  }
}

void BrokerJudge::sends(std::string_view notification, const Knows& knows) {
  Header header;
  Welcome welcome;
  Confirm confirm;
  if (read_header(notification, header) != Refusal::none) return;
  if (header.type == MessageType::outcome)
    tells_lost(header.session, header, payload_of(notification));
  if (header.type == MessageType::welcome && parse(payload_of(notification), welcome))
    welcomes(header.session, knows);
  if (header.type != MessageType::confirm ||
      decode_confirm(payload_of(notification), confirm) != Refusal::none)
    return;
  credits(header.session, confirm);
  if (durable_) confirms(header.session, confirm);
}

/// Who holds nothing makes place for a client of the broker before.
void BrokerJudge::refuses(std::string_view notification) {
  Header header;
  RefusalNotice notice;
  if (read_header(notification, header) != Refusal::none || header.type != MessageType::refusal)
    return;
  const auto found = standing_.find(header.session);
  if (found == standing_.end() || !parse(payload_of(notification), notice) ||
      notice.refusal != Refusal::sessions_full)
    return;
  PROMISE(found->second.held.empty(), name(header.session) + " holds items and keeps its place");
  found->second.refused = true;
}

void BrokerJudge::welcomes(const SessionId& id, const Knows& knows) {
  if (!welcomed_.insert(id).second) return;
  Standing session;
  session.role = hellos_.at(id).role;
  session.since = world_.now();
  session.process = process_of(id, hellos_.at(id));
  if (hellos_.at(id).previous && session.role == Role::consumer)
    session.reclaims_left = hellos_.at(id).reclaims;
  session.without_link = link_failed_.contains(id);
  if (session.role == Role::producer) runs_[hellos_.at(id).name] = hellos_.at(id).run;
  auto& stands = standing_.emplace(id, std::move(session)).first->second;
  if (knows(id)) return;
  stands.refused = true;  // within the turn
  lose(id, stands);
  standing_.erase(id);
}

// --- reclaims
// --------------------------------------------------------------------------------------

/// What its session lost in this life, if it was given to nobody since; or what it was given in the
/// last life, unless that was not for the last time.
bool BrokerJudge::may_reclaim(const Hello& hello, const Item& item,
                              std::uint32_t deliveries) const {
  if (!hello.previous) return false;
  if (hello.previous->broker_instance == broker_instance_)
    return item.place == Place::returned && item.lost_by == hello.previous->session &&
           deliveries + 1 == item.expected_deliveries;
  if (hello.previous->broker_instance != previous_broker_ || !item.kept ||
      deliveries < item.deliveries)
    return false;
  if (item.place == Place::held) return reclaims_last({}) && deliveries > item.deliveries;
  return item.place == Place::returned || item.place == Place::waiting ||
         (item.place == Place::delayed && item.delay_may_be_over);
}

void BrokerJudge::note_reclaims() {
  for (const auto& [id, session] : standing_)
    if (session.reclaims_left > 0 && hellos_.at(id).previous->broker_instance == previous_broker_)
      reclaims_seen_ = world_.now();
}

/// Put again, and dead in an earlier life than this one: of its put nothing is known any more, so
/// it may be told late.
bool BrokerJudge::is_dead_since(ItemId as) const {
  ItemId here;
  const auto* was = earlier(as);
  const auto* item = was ? here_again(*was, here) : nullptr;
  return item && item->kept && item->place == Place::dead;
}

/// Of what an older process of the name has put its broker may not know that it was done: it says
/// so when reclaims are over.
bool BrokerJudge::may_be_told_late(ItemId as, const Reclaim& reclaim) const {
  const auto item = items_.find(called(as));
  return reclaim.put.producer != 0 && item != items_.end() && item->second.place == Place::done &&
         may_be_lost(as);
}

void BrokerJudge::reclaims(const SessionId& id, Standing& session, const Reclaim& reclaim) {
  const auto gone = delivered_to_();  // to who has just cancelled a request, say
  session.reclaims_left -= std::min<std::uint64_t>(session.reclaims_left, reclaim.count);
  for (std::uint32_t i = 0; i < reclaim.count; ++i) {
    const auto as = reclaim.first + i;
    const auto item = items_.find(called(as));
    const bool is_here = item != items_.end();
    if (is_here && !gone.contains(item->first) &&
        may_reclaim(hellos_.at(id), item->second, reclaim.deliveries)) {
      takes_up(id, session, item->first, reclaim.deliveries);
    } else if (reclaim.put.producer != 0 &&
               (!is_here || item->first != as)) {  // put again, perhaps, and another's by now
      if (!reclaims_put(id, session, as, {reclaim.put.producer, reclaim.put.number + i},
                        reclaim.deliveries))
        (is_dead_since(as) ? session.puts_reclaimed : session.reclaimed_in_vain).insert(as);
    } else {
      (may_be_told_late(as, reclaim) ? session.puts_reclaimed : session.reclaimed_in_vain)
          .insert(as);
    }
  }
}

/// The failure that was counted is taken back; in the last life none was.
void BrokerJudge::takes_up(const SessionId& id, Standing& session, ItemId item_id,
                           std::uint32_t deliveries) {
  const auto& previous = *hellos_.at(id).previous;
  auto& item = this->item(item_id);
  if (item.lost_counted && previous.broker_instance == broker_instance_) --item.expected;
  if (previous.broker_instance != broker_instance_) item.deliveries = deliveries;
  holds_again(id, session, item_id, deliveries);
  item.reclaimed_as = previous.broker_instance == broker_instance_ ? SessionId{} : previous.session;
}

void BrokerJudge::holds_again(const SessionId& id, Standing& session, ItemId item_id,
                              std::uint32_t deliveries) {
  auto& item = this->item(item_id);
  if (item.place == Place::held) {
    auto& other = standing_.at(item.holder);
    other.held.erase(item_id);
    ItemId as = item_id;
    for (const auto& [name, called] : called_)
      if (called == item_id) as = name;
    called_.erase(as);
    other.reclaimed_in_vain.insert(as);
  }
  if (item.place == Place::delayed) delayed_.erase({item.due, item_id});
  ready_of(item).returned.erase(item_id);
  ready_of(item).waiting.erase(item_id);
  item.place = Place::held;
  item.holder = id;
  item.generation = 0;
  item.delivered = item.taken = true;
  item.unsaid = false;
  item.due = {};
  item.expected_deliveries = deliveries;
  item.lost_by = {};
  item.lost_counted = false;
  item.taken_up_in = turn_;
  touched_.insert(item_id);
  session.held.insert(item_id);
}

void BrokerJudge::tells_lost(const SessionId& id, const Header& header, std::string_view payload) {
  const auto found = standing_.find(id);
  if (found == standing_.end() || found->second.role != Role::consumer) return;
  EntryReader in(payload);
  Entry entry;
  std::vector<ItemRun> runs;
  for (auto number = header.number; in.next(entry); number += 1) {
    if (number <= found->second.told) continue;  // said again
    found->second.told = number;
    read_runs(entry, runs);
    for (const auto& run : runs)
      for (std::uint32_t i = 0; i < run.count; ++i) {
        const auto as = run.first + i;
        if (!found->second.puts_reclaimed.contains(as) ||
            found->second.reclaimed_in_vain.contains(as)) {
          found->second.told_lost.insert(as);
          continue;
        }
        PROMISE(may_be_lost(as),
                "item " + std::to_string(as.value) + " is not lost: its put may come");
        PROMISE(!peace_.prompt || !could_be_put_again(as), put_of(as) + " is put again in time");
        found->second.puts.erase(as);
        if (const auto put = put_reclaims_.find(as);
            put != put_reclaims_.end() && put->second.session == id)
          put_reclaims_.erase(put);
      }
  }
}

/// In the turn in which it reclaims, a session is told of what it does not get, and of nothing
/// else.
void BrokerJudge::check_lost(const Knows& knows) {
  for (auto& [id, session] : standing_) {
    if (knows(id) && !session.closed)  // who has closed in the same breath does not mind
      PROMISE(session.reclaimed_in_vain == session.told_lost,
              name(id) + " is told what it reclaims in vain, " + as_list(session.told_lost) +
                  ", not " + as_list(session.reclaimed_in_vain));
    session.reclaimed_in_vain.clear();
    session.told_lost.clear();
  }
}

/// Of a consumer nothing is waited for but the disk, and the end of the time for reclaims; a broker
/// that stands still answers nobody meanwhile.
void BrokerJudge::check_closes(const Knows& knows) {
  if (takes_reclaims_ && takes_reclaims_()) reclaims_taken_ = world_.now();
  for (const auto& [id, session] : standing_) {
    if (!session.closed || session.role != Role::consumer || !knows(id)) continue;
    const auto since = std::max(session.closed_at, reclaims_taken_);
    PROMISE(world_.now() <= since + answered_within + pauses_since(since, {}),
            name(id) + " has closed: it is answered");
  }
}

/// What the durable broker has said to be done is done for ever.
void BrokerJudge::confirms(const SessionId& id, const Confirm& confirm) {
  const auto hello = hellos_.find(id);
  if (confirm.ended || hello == hellos_.end()) return;
  if (hello->second.role == Role::producer) {
    puts_.promised(hello->second.name, confirm.producer.put_confirmed);
    puts_.counted(hello->second.name, confirm.producer.done + confirm.producer.dead);
  }
  const auto found = standing_.find(id);
  if (found == standing_.end()) return;
  const auto waits = [&](ItemId as) {  // another one may reclaim it by now, to whom it was lost
    const auto reclaim = put_reclaims_.find(as);
    if (reclaim == put_reclaims_.end() || !takes_reclaims_()) return false;
    const auto& before = reclaim->second.before;
    return reclaim->second.session == id ||
           std::any_of(before.begin(), before.end(),
                       [&](const auto& one) { return one.session == id; });
  };
  for (const auto& [number, as] : found->second.put_settles)
    PROMISE(number > confirm.control_received || !waits(as),
            name(id) + ": what became of item " + std::to_string(as.value) +
                " is not confirmed before its put is here");
  auto& acks = found->second.acks;
  auto& fails = found->second.fails;
  for (; !acks.empty() && acks.begin()->first <= confirm.control_received; acks.erase(acks.begin()))
    for (const auto item : acks.begin()->second) this->item(item).ack_confirmed = true;
  for (; !fails.empty() && fails.begin()->first <= confirm.control_received;
       fails.erase(fails.begin()))
    item(fails.begin()->second.first).fails_confirmed = fails.begin()->second.second;
}

/// Who left, or is silent, is not held for alive much longer than is stated.
void BrokerJudge::look(const Knows& knows) const {
  const auto now = world_.now();
  for (const auto& [id, session] : standing_) {
    if (session.closed || !knows(id)) continue;
    const auto late = [&](Time since, Duration limit) {
      return now > since + limit + pauses_since(since, {}) + a_turn;
    };
    const auto left = left_.find(id);
    PROMISE(left == left_.end() || !late(left->second, reconnect_grace),
            name(id) + " has left: its items go elsewhere in time");
    const auto heard = heard_.find(id);
    PROMISE(heard == heard_.end() || !late(heard->second, session_timeout),
            name(id) + " is silent: its items go elsewhere in time");
  }
}

}  // namespace baton::internal::simulation
