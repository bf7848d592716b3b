// The sessions of the model: who stands, what they say, who may be held for lost, and when.
#include <algorithm>

#include "tests/simulation/broker_judge.hpp"

namespace baton::simulation {
namespace {

constexpr Duration a_turn = 50ms;  // until the broker has noticed that a time is over
constexpr Duration eps = 1ms;
constexpr Duration longest_nap = beat_interval + eps;  // between two turns: so much of a pause may pass for a nap

std::string name(const SessionId& id) { return "session " + to_hex(id).substr(0, 8); }

}  // namespace

// --- what reaches the broker -------------------------------------------------------------------------------------

void BrokerJudge::reaches(std::string_view frame) {
  Header header;
  if (read_header(frame, header) != Refusal::none) return;
  if (header.type == MessageType::hello || header.epoch == epoch_) heard_[header.session] = world_.now();
}

void BrokerJudge::subscription(const SessionId& topic, bool arrives) {
  auto& count = subscriptions_[topic] += arrives ? 1 : -1;
  if (arrives)
    left_.erase(topic);
  else if (count == 0)
    left_[topic] = world_.now();
}

// --- what the broker reads ---------------------------------------------------------------------------------------

void BrokerJudge::reads(std::string_view frame) {
  Header header;
  if (read_header(frame, header) != Refusal::none) return;
  if (header.type == MessageType::hello) {
    Hello hello;
    std::string why;
    if (parse(payload_of(frame), hello, why) != Refusal::none) return;
    if (hello.previous && hello.previous->epoch == epoch_)
      if (const auto old = standing_.find(hello.previous->session); old != standing_.end())
        old->second.superseded = true;
    hellos_.emplace(header.session, std::move(hello));
    return;
  }
  const auto found = standing_.find(header.session);
  if (found == standing_.end()) return;
  auto& session = found->second;
  // Its client stands with an earlier broker, and the hello came late: it is told to begin anew.
  if (header.epoch != epoch_) session.refused = true;
  if (header.type != MessageType::control || header.epoch != epoch_) return;
  if (header.number.value == 0 || header.number > session.next) return;
  EntryReader in(payload_of(frame));
  Entry entry;
  for (auto number = header.number; in.next(entry); number += 1) {
    if (number < session.next) continue;
    require(!session.bye, name(header.session) + ": nothing follows its bye");
    session.next = number + 1;
    apply(header.session, session, entry);
  }
}

void BrokerJudge::apply(const SessionId& id, Standing& session, const Entry& entry) {
  const auto holds = [&](ItemId item) { return session.held.contains(item); };
  switch (entry.kind) {
    case EntryKind::ask:
      session.asked = std::max(session.asked, read_ask(entry));
      return;
    case EntryKind::ack:
    case EntryKind::release: {
      std::vector<ItemRun> runs;
      read_runs(entry, runs);
      for (const auto& run : runs)
        for (std::uint32_t i = 0; i < run.count && holds(run.first + i); ++i) {
          if (entry.kind == EntryKind::release) {
            release(session, run.first + i);
            continue;
          }
          auto& item = this->item(run.first + i);
          let_go(session, item, run.first + i);
          item.place = Place::acked;
        }
      return;
    }
    case EntryKind::fail: {
      const auto failure = read_fail(entry);
      if (!holds(failure.id)) return;
      auto& item = this->item(failure.id);
      let_go(session, item, failure.id);
      return fail(item, failure.id, std::chrono::milliseconds(failure.delay_ms));
    }
    case EntryKind::lane_lost:
      return lane_lost(session, read_lane_lost(entry));
    case EntryKind::bye:
      session.bye = true;
      session.asked = session.answered;
      while (!session.held.empty()) release(session, *session.held.begin());
      world_.trace([&] { return name(id) + " says bye"; });
      return;
    default:
      return;
  }
}

/// What came over the lost lane after the last number received comes back.
void BrokerJudge::lane_lost(Standing& session, const LaneLost& lost) {
  if (lost.generation != session.generation) return;
  for (const auto id : std::set<ItemId>(session.held)) {
    const auto& item = items_.at(id);
    if (item.generation == lost.generation && item.lane_number > lost.received) release(session, id);
  }
  ++session.generation;
  session.asked = lost.wanted;
  session.answered = 0;
}

void BrokerJudge::lane_failed(const SessionId& session) {
  lane_failed_.insert(session);
  if (const auto found = standing_.find(session); found != standing_.end()) found->second.laneless = true;
}

void BrokerJudge::lane_opened(const SessionId& session, std::uint32_t generation) {
  const auto found = standing_.find(session);
  if (found == standing_.end() || !found->second.laneless) return;
  found->second.generation = generation;
  lane_opened_.insert(session);
}

// --- who is alive ------------------------------------------------------------------------------------------------

/// How long the broker stood still since `time`; each pause but for `nap` of it, and only if what is over is noticed.
Duration BrokerJudge::pauses_since(Time time, Duration nap) const {
  const auto noticed = nap > Duration::zero() ? longest_pause : Duration::zero();
  Duration sum{};
  for (const auto& [from, to] : pauses_) {
    const auto pause = std::min(to, world_.now()) - std::max(from, time);
    if (pause > nap + noticed) sum += pause - nap;
  }
  return sum;
}

/// A consumer is held for lost after its last message by lost_after at the soonest, or after its news connection left
/// and did not come back within the grace; the broker's own pauses do not count.
void BrokerJudge::check_robbed(const SessionId& id) const {
  const auto now = world_.now();
  const auto heard = heard_.find(id);
  const auto left = left_.find(id);
  const bool silent =
      heard == heard_.end() || now - heard->second - pauses_since(heard->second, longest_nap) >= lost_after - eps;
  const bool gone = left != left_.end() && now - left->second >= grace - eps;
  require(silent || gone, name(id) + " is alive: it is not held for lost");
  const bool silent_client = standing_.at(id).next == Number{1};  // it may never have had its welcome
  require(!peace_.calm || silent_client || left_unheard_.contains(id),
          name(id) + " is not held for lost when nothing is wrong");
}

void BrokerJudge::lose(const SessionId& id, Standing& session) {
  const bool counts = !session.bye && !session.superseded;
  if (counts && session.role == Role::consumer && !session.refused && !lane_failed_.contains(id)) check_robbed(id);
  if (counts) lost_.insert(id);
  while (!session.held.empty()) {
    const auto item_id = *session.held.begin();
    auto& item = this->item(item_id);
    let_go(session, item, item_id);
    // Whether the broker held the old session for lost before the hello of the new one stood is its own affair.
    const bool failed = counts || (session.superseded && item.failures > item.expected);
    if (failed)
      fail(item, item_id, {});
    else
      to_front(item, item_id);
  }
}

void BrokerJudge::sessions(const Knows& knows) {
  due_now();
  for (auto at = standing_.begin(); at != standing_.end();) {
    const bool known = knows(at->first);
    if (!known) lose(at->first, at->second);
    at = known ? std::next(at) : standing_.erase(at);
  }
}

void BrokerJudge::sends(std::string_view news, const Knows& knows) {
  Header header;
  Welcome welcome;
  if (read_header(news, header) != Refusal::none || header.type != MessageType::welcome) return;
  if (!parse(payload_of(news), welcome) || !welcomed_.insert(header.session).second) return;
  Standing session;
  session.role = hellos_.at(header.session).role;
  for (const auto& run : welcome.kept)
    for (std::uint32_t i = 0; i < run.count; ++i) {
      const auto id = run.first + i;
      auto& item = this->item(id);
      require(item.place == Place::returned,
              "item " + std::to_string(id.value) + " is kept by who lost it, while ready");
      ready_of(item).returned.erase(id);
      item.place = Place::held;
      item.holder = header.session;
      item.generation = 0;
      --item.expected;
      touched_.insert(id);
      session.held.insert(id);
    }
  session.laneless = lane_failed_.contains(header.session);
  auto& stands = standing_.emplace(header.session, std::move(session)).first->second;
  if (knows(header.session)) return;
  stands.refused = true;  // within the turn
  lose(header.session, stands);
  standing_.erase(header.session);
}

/// Who left, or is silent, is not held for alive much longer than is stated.
void BrokerJudge::look(const Knows& knows) const {
  const auto now = world_.now();
  for (const auto& [id, session] : standing_) {
    if (session.bye || !knows(id)) continue;
    const auto late = [&](Time since, Duration limit) {
      return now > since + limit + pauses_since(since, {}) + a_turn;
    };
    const auto left = left_.find(id);
    require(left == left_.end() || !late(left->second, grace), name(id) + " has left: its items go elsewhere in time");
    const auto heard = heard_.find(id);
    require(heard == heard_.end() || !late(heard->second, lost_after),
            name(id) + " is silent: its items go elsewhere in time");
  }
}

}  // namespace baton::simulation
