#include "broker/producers.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "broker/credit.hpp"
#include "broker/log_backoff.hpp"
#include "proto/ensure.hpp"
#include "proto/input_chain.hpp"

namespace baton::internal::broker {

// --- sessions ------------------------------------------------------------------------------------

Refusal Producers::admit(const Hello& hello) {
  if (is_late(hello)) return Refusal::unknown_session;
  return is_outdated(hello) ? Refusal::fenced : Refusal::none;
}

/// A hello that was delayed for long: its process has begun, and has another session by now.
bool Producers::is_late(const Hello& hello) {
  const auto* producer = hello.begun ? nullptr : queues_.producers().find(hello.name);
  return producer && producer->session && producer->session->hello.begun &&
         producer->session->hello.run == hello.run;
}

/// Whether a newer process of this name has come since this one was welcomed. If that one was
/// welcomed, but neither it nor its numbers are here (their broker died before they were stored),
/// the older one may continue. A process that this broker itself welcomed, by a hello from before
/// the end of the last broker, may find other processes' puts under its numbers.
bool Producers::is_outdated(const Hello& hello) {
  const auto* producer = queues_.producers().find(hello.name);
  if (!producer || !producer->named || !hello.begun) return false;
  if (producer->input.run == hello.run) return hello.first_put <= producer->input.began;
  return producer->session || producer->put.received() >= hello.first_put;
}

/// A new process of a name continues after the puts of others, as far as they are remembered: these
/// must be complete and stored, since the new process could not put lost ones again. It may have
/// said hello before and missed its welcome.
bool Producers::may_begin(Session& session, Time now) {
  const auto& hello = session.hello;
  const auto* producer = queues_.producers().find(hello.name);
  if (is_outdated(hello)) {  // a newer one has come before this one's subscription arrived
    sessions_.refuse(session.id, Refusal::fenced, {}, now);
    sessions_.end(session, {}, now);
    return false;
  }
  if (!producer || hello.begun) return true;
  if (producer->session) {
    sessions_.refuse(producer->session->id, Refusal::fenced, {}, now);
    producer = queues_.producers().find(hello.name);
  }
  if (!producer || producer->confirmed == producer->put.received()) return true;
  beginning_.push_back(session.id);
  return false;
}

bool Producers::holds_back(const SessionId& id) const {
  return std::find(beginning_.begin(), beginning_.end(), id) != beginning_.end();
}

void Producers::begin_waiting(Time now) {
  for (const auto& id : std::exchange(beginning_, {})) sessions_.begin_if_ready(id, now);
}

/// How many puts an earlier broker confirmed that are not in this broker's data. For a producer
/// that is unknown here, all may have been settled and its numbers forgotten, if it is the same
/// data.
std::uint64_t Producers::unknown_puts(const Hello& hello) {
  if (!settings_.durable || !hello.previous || sessions_.is_return(hello)) return 0;
  const auto* producer = queues_.producers().find(hello.name);
  if (!producer && hello.previous->broker_instance == queues_.previous_broker()) return 0;
  const auto known = producer ? producer->put.received() : SeqNo{};
  return hello.first_put > known + 1 ? hello.first_put - known - 1 : 0;
}

void Producers::begin(Session& session, Time now) {
  const auto& hello = session.hello;
  queues_.use_queues(session);
  const auto unknown = unknown_puts(hello);
  auto& producer = queues_.producer(hello.name, hello.named, hello.first_put);
  producer.input.unknown += unknown;
  take_up(session, producer, now);
  if (unknown > 0) queues_.producers().note_changed(producer);
  session.queues.front()->producers.push_back(&session);
  extend_credit(session, settings_);

  auto& notices = queues_.producers().notices();
  notices.comes(producer);
  if (sessions_.is_return(hello)) notices.heard(producer, hello.feed_position, now);
  producer.outcomes.restart();
  session.welcome.feed_first = producer.outcomes.confirmed() + 1;
  session.welcome.put_received = producer.put.received();
  session.welcome.put_unknown = producer.input.unknown;
  if (!hello.begun) session.welcome.digests = producer.input.checkpoints.all();
  end_.producer_came(hello.name);
}

/// Its numbers continue across sessions.
void Producers::take_up(Session& session, Producer& producer, Time now) {
  const auto& hello = session.hello;
  producer.closed = false;
  if (producer.session) sessions_.refuse(producer.session->id, Refusal::fenced, {}, now);
  producer.lost_at = never;
  if (hello.first_put > producer.put.received() + 1) producer.put = StreamReceiver(hello.first_put);
  producer.named |= hello.named;
  if (std::exchange(producer.input.run, hello.run) != hello.run) {
    producer.input.began = producer.put.received();
    queues_.producers().note_changed(producer);
  }
  queues_.note_key(producer);
  producer.input.sent_before = hello.previous ? hello.last_put : SeqNo{};
  producer.session = &session;
  session.producer = &producer;
  session.put.credit = producer.put.received();
  if (!hello.previous) return;
  session.put.resend_until = producer.put.received() + put_window_items;
  session.put.resend_bytes = producer.put_bytes + put_window_bytes;
}

// --- puts ----------------------------------------------------------------------------------------

Refusal Producers::put(const Peer& from, SeqNo first, const PutItems& put, Time now) {
  auto& session = from.session;
  session.heard_at = now;
  auto& producer = *session.producer;
  const auto before = producer.put.received();
  if (first.value == 0) return Refusal::over_credit;
  const auto again = queues_.may_reclaim() ? producer.input.sent_before : SeqNo{};
  const auto room = room_for(session, settings_, !is_held(), again, first, put);
  if (room.over_credit) return Refusal::over_credit;
  sessions_.changed(session);
  const bool all = room.items == put.items.size();
  const auto taken = producer.put.take(first, room.items);
  if (!all) producer.put.note_gap();
  if (taken.verdict != StreamReceiver::Verdict::fresh) return Refusal::none;

  for (auto i = taken.skip; i < room.items; ++i)
    queues_.put(producer, *session.queues.front(), put.items[i], first + i, now);
  if (put.place && all) producer.input.checkpoints.note(*put.place);
  if (put.place && !all) note_part(session, put, taken.skip, room.items);
  use_credit(session, before);
  return Refusal::none;
}

/// Only part of a message was accepted, so its place is not reached: extends the digest from the
/// last one.
void Producers::note_part(const Session& session, const PutItems& put, std::uint32_t skip,
                          std::uint32_t end) {
  auto& checkpoints = session.producer->input.checkpoints;
  auto chain = checkpoints.all().empty() ? InputChain(session.queues.front()->name)
                                         : InputChain(checkpoints.all().back());
  if (chain.at().items + put.items.size() - skip != put.place->at.items)
    return;  // its input is not known to this broker
  for (auto i = skip; i < end; ++i) chain.add(put.items[i].body);
  checkpoints.note({chain.at(), false});
}

void Producers::put_mark(const Peer& from, SeqNo next, Time now) {
  auto& session = from.session;
  session.heard_at = now;
  if (next <= session.producer->put.received() + 1) return;
  session.producer->put.note_gap();
  sessions_.changed(session);
}

/// A join: it wants to know at once when all its items are settled.
void Producers::entry(const Peer& from, const Entry& entry, Time /*now*/) {
  if (entry.kind == EntryKind::join) from.session.put.joining = true;
}

void Producers::end(Session& session, const std::string& /*why*/, Time now) {
  return_credit(session);
  queues_.note_room(*session.queues.front());
  auto& producer = *std::exchange(session.producer, nullptr);
  last_puts_.push_back(pending(session.id, producer, {}));
  producer.session = nullptr;
  producer.closed = session.left;
  producer.lost_at = now;
  queues_.producers().notices().goes(producer);
  queues_.producers().forget_if_settled(producer);
  queues_.leave_queues(session);
}

// --- storing and confirming ----------------------------------------------------------------------

Producers::Pending Producers::pending(const SessionId& session, const Producer& producer,
                                      Ticket ticket) {
  return {ticket,         session,        producer.put.received(), producer.put_bytes,
          producer.index, producer.serial};
}

void Producers::note_turn(Ticket turn) {
  for (const auto* session : sessions_.changed_ones())
    if (session->state != Session::State::ended && session->producer)
      pending_.push_back(pending(session->id, *session->producer, turn));
  for (auto& put : std::exchange(last_puts_, {})) {
    put.ticket = turn;
    pending_.push_back(put);
  }
}

void Producers::became_durable(Ticket durable) {
  for (; !pending_.empty() && pending_.front().ticket <= durable; pending_.pop_front()) {
    const auto& entry = pending_.front();
    if (auto* producer = queues_.producers().find(entry.producer, entry.serial)) {
      producer->confirmed = std::max(producer->confirmed, entry.number);
      producer->confirmed_bytes = std::max(producer->confirmed_bytes, entry.bytes);
    }
    if (auto* session = sessions_.find(entry.session)) sessions_.changed(*session);
  }
}

/// While the storage has no room for new items no credit is given, and credit already given should
/// not be used.
void Producers::hold(const std::string& why) {
  if (why.empty() == storage_holds_.empty()) return;
  storage_holds_ = why;
  if (!why.empty()) ++storage_held_;  // with little room it alternates between full and not full
  if (should_log(storage_held_))
    effects_.log.push_back(why.empty() ? "new items are stored again"
                                       : "new items cannot be stored, producers wait: " + why);
  for (const auto& [id, session] : sessions_.all())
    if (session->producer) {
      queues_.note_room(*session->queues.front());
      sessions_.changed(*session);
    }
}

void Producers::extend_credits(const std::vector<Queue*>& touched) {
  const auto window_moved = [&](Session& session) {
    const bool shut = put_window(session, settings_) == 0;
    return std::exchange(session.put.window_shut, shut) != shut;
  };
  for (auto* queue : touched) {
    auto next = queue->producers.begin();
    for (auto looks = queue->producers.size(); looks > 0; --looks) {
      const bool extended = !is_held() && extend_credit(**next, settings_);
      if (window_moved(**next) || extended) sessions_.changed(**next);
      // In a full queue the first producer gets the free room: next time it is another's turn.
      if (extended)
        std::rotate(next, next + 1, queue->producers.end());
      else
        ++next;
    }
  }
}

void Producers::fill(Confirm& confirm, const Session& session) const {
  confirm.part = Confirm::Part::producer;
  const auto* producer = session.producer;
  if (!producer) return;
  auto& part = confirm.producer;
  part.put_received = producer->put.received();
  part.put_confirmed = producer->confirmed;
  part.put_credit = session.put.credit;
  part.put_window = is_held() ? 0 : put_window(session, settings_);
  part.put_held = is_held() ? Held::storage : put_held(session, settings_);
  part.rewind_put = producer->put.has_gap();
  part.accepted = producer->counts.accepted;
  part.done = producer->counts.durable.done;
  part.dead = producer->counts.durable.dead;
  part.consumers = session.queues.front()->consumers();
}

void Producers::sent(Session& session, const Confirm& confirm) {
  if (session.producer) grant_bytes(session, confirm.producer.put_window);
}

void Producers::check_invariants(const Session& session) const {
  ensure((session.producer != nullptr) == (session.state == Session::State::established));
}

}  // namespace baton::internal::broker
