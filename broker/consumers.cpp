#include "broker/consumers.hpp"

#include <algorithm>
#include <utility>

#include "broker/log_backoff.hpp"
#include "proto/ensure.hpp"

namespace baton::internal::broker {
namespace {

// Between attempts to open the next link of a session whose last one broke.
constexpr Duration link_again = 50ms;
constexpr Duration reclaims_again = 100ms;  // between checks whether all reclaims are in

}  // namespace

// --- sessions ------------------------------------------------------------------------------------

Refusal Consumers::admit(const Hello& hello) {
  return hello.reclaims > 0 || without_link_.empty() ? Refusal::none : Refusal::sessions_full;
}

void Consumers::begin(Session& session, Time /*now*/) {
  queues_.use_queues(session);
  if (const auto& previous = session.hello.previous) {
    session.consumer.reclaims.left = session.hello.reclaims;
    session.consumer.reclaims.restored = previous->broker_instance == queues_.previous_broker() &&
                                         previous->broker_instance != BrokerInstance{};
  } else {
    end_.consumer_came();
  }
  queues_.serving().established(session);
  open_link(session);
}

void Consumers::heard(Session& session) {
  queues_.serving().heard(session);
  not_held_ = 0;
}

/// Held items are given back at once; the session ends when everything sent was received and
/// stored.
void Consumers::close(const Peer& from) {
  auto& session = from.session;
  session.consumer.wanted = 0;
  queues_.serving().forget_requests(session);
  queues_.release_all(session);
  note_unstored(from);
}

/// If the session settles puts that are not here yet, that is not confirmed before they are, and
/// neither is any later entry.
void Consumers::note_unstored(const Peer& from) {
  auto& session = from.session;
  if (session.consumer.reclaims.unstored_settles > 0 &&
      session.consumer.reclaims.unconfirmable == SeqNo{})
    session.consumer.reclaims.unconfirmable = from.number;
}

void Consumers::end(Session& session, const std::string& why, Time now) {
  queues_.serving().forget_requests(session);
  if (!why.empty()) queues_.serving().doubt(session);
  queues_.give_all_back(session, why, now);
  queues_.ends(session);
  effects_.link_changes.push_back({session.id, session.consumer.link_generation, false});
  queues_.leave_queues(session);
}

// --- entries -------------------------------------------------------------------------------------

void Consumers::heartbeat(Session& session, const Heartbeat& heartbeat, Time now) {
  if (heartbeat.link_generation == session.consumer.link_generation)
    queues_.serving().arrived(session, heartbeat.link_received, now);
}

/// Reclaims come before all else that it says.
void Consumers::entry(const Peer& from, const Entry& entry, Time now) {
  const bool reclaims = entry.kind == EntryKind::reclaim || entry.kind == EntryKind::reclaim_put;
  if (!reclaims) from.session.consumer.reclaims.left = 0;
  switch (entry.kind) {
    case EntryKind::reclaim:
    case EntryKind::reclaim_put:
      read_reclaims(entry, reclaims_);
      return reclaim(from, reclaims_, now);
    case EntryKind::request:
      return request(from, read_request(entry), now);
    case EntryKind::cancel_requests:
      return queues_.serving().cancel_requests(from.session, read_cancel_requests(entry));
    case EntryKind::ack:
    case EntryKind::fail:
    case EntryKind::release:
      return settle(from, entry, now);
    case EntryKind::link_lost:
      return link_lost(from, read_link_lost(entry));
    default:
      return;  // what all roles send
  }
}

/// While the session has no link, its requests wait for the next one: items delivered now would be
/// lost.
void Consumers::request(const Peer& from, const Request& request, Time now) {
  auto& session = from.session;
  if (!queues_.serving().may_request(session))
    return sessions_.refuse(session.id, Refusal::over_credit,
                            "requests whose answers it does not read", now);
  session.consumer.note_begun(request.begun, request.blocked);
  if (std::find(without_link_.begin(), without_link_.end(), session.id) == without_link_.end())
    return queues_.serving().request(session, request.requested());
  session.consumer.wanted = std::max(session.consumer.wanted, request.requested());
}

/// Reclaims come before the session has a link, and so before its first request.
void Consumers::reclaim(const Peer& from, const std::vector<Reclaim>& reclaims, Time now) {
  auto& session = from.session;
  for (const auto& reclaim : reclaims) {
    if (reclaim.count > session.consumer.reclaims.left)
      return sessions_.refuse(session.id, Refusal::malformed, "more reclaims than announced", now);
    session.consumer.reclaims.left -= reclaim.count;
    queues_.reclaim(session, reclaim);
  }
}

void Consumers::settle(const Peer& from, const Entry& entry, Time now) {
  auto& session = from.session;
  each_settlement(entry, [&](const Settlement& settlement) {
    return queues_.settle(session, settlement, now) || not_held(session, settlement.id, now);
  });
  note_unstored(from);
}

/// A message may name thousands: the first few are reported, the others only counted. False if no
/// session ever held that many: the run's length is nonsense.
bool Consumers::not_held(Session& session, ItemId id, Time now) {
  constexpr std::uint32_t most_told = 16;
  if (++not_held_ <= most_told)
    sessions_.refuse(session.id, Refusal::not_held, "item " + std::to_string(id.value), now);
  else
    sessions_.count(Refusal::not_held);
  return not_held_ <= max_requests;
}

void Consumers::fill(Confirm& confirm, const Session& session) const {
  confirm.part = Confirm::Part::consumer;
  confirm.consumer = {session.consumer.link_sent(), session.consumer.link_generation,
                      session.consumer.link_port};
}

// --- links ---------------------------------------------------------------------------------------

void Consumers::link_lost(const Peer& from, const LinkLost& lost) {
  auto& session = from.session;
  if (lost.generation != session.consumer.link_generation ||
      lost.received > session.consumer.link_sent())
    return;
  if (session.consumer.link_port == 0)
    return;  // the client does not know the port yet: it cannot have lost the link
  queues_.take_back_after(session, session.consumer.link_base + lost.received.value);
  queues_.serving().forget_requests(session);
  effects_.link_changes.push_back({session.id, session.consumer.link_generation, false});
  open_link(session);
  queues_.serving().request(session, lost.wanted);
}

void Consumers::open_link(Session& session) {
  ++session.consumer.link_generation;
  session.consumer.link_port = 0;
  session.consumer.link_base = session.consumer.delivered_count;
  session.consumer.requested = session.consumer.requested_in_all = session.consumer.answered = 0;
  effects_.link_changes.push_back({session.id, session.consumer.link_generation, true});
}

void Consumers::link_opened(const SessionId& id, std::uint32_t generation, std::uint16_t port) {
  auto* session = sessions_.find(id);
  if (!session || session->consumer.link_generation != generation) return;
  session->consumer.link_port = port;
  std::erase(without_link_, id);
  queues_.serving().request(*session, std::exchange(session->consumer.wanted, 0));
  sessions_.changed(*session);
}

void Consumers::link_failed(const SessionId& id, std::uint32_t generation, Time now) {
  auto* session = sessions_.find(id);
  if (!session || session->consumer.link_generation != generation) return;
  queues_.take_back_after(*session,
                          session->consumer.link_base);  // the client has received nothing on it
  if (generation == 1 && session->consumer.held == 0 && session->consumer.reclaims.left == 0)
    return sessions_.refuse(id, Refusal::sessions_full, no_delivery_port, now);
  // The port of the broken link may not be quite free yet, which is no reason to take items from
  // the session.
  session->consumer.wanted = std::max(session->consumer.wanted, session->consumer.requested_in_all);
  queues_.serving().forget_requests(*session);
  if (std::find(without_link_.begin(), without_link_.end(), id) == without_link_.end())
    without_link_.push_back(id);
  links_again_at_ = std::min(links_again_at_, now + link_again);
}

void Consumers::link_unreached(const SessionId& id, std::uint16_t port) {
  auto* session = sessions_.find(id);
  if (!session || ++session->consumer.links_unreached != 2 || !should_log(++unreached_)) return;
  const auto& hello = session->hello;
  effects_.log.push_back("consumer " + hello.host + "/" + std::to_string(hello.pid) +
                         " does not reach port " + std::to_string(port) +
                         ", where its items come from: is it open to that host, and published "
                         "under the same number? --delivery-ports A-B sets these ports");
}

void Consumers::open_links_again(Time now) {
  if (now < links_again_at_) return;
  links_again_at_ = never;
  std::erase_if(without_link_, [this](const SessionId& id) { return !sessions_.find(id); });
  for (const auto& id : without_link_) open_link(*sessions_.find(id));
}

// --- reclaims ------------------------------------------------------------------------------------

/// Whether a session that holds items of the previous broker has not named all of them yet.
bool Consumers::reclaims_are_under_way() const {
  return std::any_of(sessions_.all().begin(), sessions_.all().end(), [](const auto& entry) {
    const auto& session = *entry.second;
    return session.state == Session::State::established && session.consumer.reclaims.restored &&
           session.consumer.reclaims.left > 0;
  });
}

void Consumers::judge_reclaims(Time now) {
  if (reclaim_until_ == never) {  // loading took time; the window starts now
    reclaim_until_ = now + reclaim_window;
    reclaim_at_latest_ = now + reclaim_at_latest;
  }
  if (now < reclaim_until_) return;
  if (now < reclaim_at_latest_ && reclaims_are_under_way())
    reclaim_until_ = std::min(now + reclaims_again, reclaim_at_latest_);
  else
    queues_.wait_for_reclaims(false);
}

void Consumers::extend_deadlines(Duration pause) {
  if (reclaim_until_ == never) return;
  reclaim_until_ += pause;
  reclaim_at_latest_ += pause;
}

void Consumers::bound_untold(Time now) {
  const auto untold = [](const auto& entry) {
    const auto& session = *entry.second;
    return session.state == Session::State::established ? session.consumer.feed.unconfirmed() : 0;
  };
  while (queues_.untold() > settings_.max_untold) {
    const auto most =
        std::max_element(sessions_.all().begin(), sessions_.all().end(),
                         [&](const auto& a, const auto& b) { return untold(a) < untold(b); });
    sessions_.refuse(most->first, Refusal::over_credit,
                     "too many rejected reclaims that it has not received", now);
  }
}

void Consumers::check_invariants(const Session& session) const {
  ensure(session.consumer.answered <= session.consumer.requested &&
         session.consumer.requested <= session.consumer.requested_in_all);
  if (session.state == Session::State::established)
    ensure(session.consumer.wants() == 0 || session.consumer.waiting ||
           session.consumer.flow.full || session.consumer.process->set_aside());
}

}  // namespace baton::internal::broker
