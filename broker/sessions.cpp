#include "broker/sessions.hpp"

#include <algorithm>
#include <utility>

#include "broker/log_backoff.hpp"
#include "proto/counted.hpp"
#include "proto/ensure.hpp"

namespace baton::internal::broker {
namespace {

/// Refusals that are routine, such as after the broker's restart: the client begins a new session.
bool is_routine(Refusal refusal) {
  return refusal == Refusal::wrong_broker_instance || refusal == Refusal::unknown_session ||
         refusal == Refusal::not_yet;
}

}  // namespace

// --- messages ------------------------------------------------------------------------------------

void Sessions::probe(const SessionId& topic) {
  send(topic, encode_json(header_for(topic, MessageType::alive),
                          to_json(Alive{settings_.broker, settings_.host})));
}

void Sessions::heartbeat(Session& session, const Heartbeat& heartbeat, Time now) {
  session.heard_at = now;
  role_of(session).heard(session);
  // A heartbeat follows everything its client has sent to the control endpoint before: what is not
  // here by now was lost.
  if (heartbeat.control_sent > session.control.received()) {
    session.control.note_gap();
    changed(session);
  }
  auto& role = role_of(session);
  role.heartbeat(session, heartbeat, now);
  if (auto* feed = role.feed(session)) {
    role.feed_heard(session, heartbeat.feed_position, now);
    if (heartbeat.rewind && feed->rewind(now)) changed(session);
  }
}

std::uint32_t Sessions::skip(Session& session, SeqNo first, std::uint16_t count, Time now) {
  session.heard_at = now;
  role_of(session).heard(session);
  changed(session);
  const auto taken = session.control.take(first, count);
  return taken.verdict == StreamReceiver::Verdict::fresh ? taken.skip : count;
}

/// A client begins no block while a whole window of them is unconfirmed; the last one may exceed
/// it.
void Sessions::print(const Peer& from, const PrintBlock& printed, Time now) {
  auto& session = from.session;
  auto& block = session.print.block;
  const auto refusal = session.print.refuses(printed);
  if (refusal == Refusal::malformed)
    return refuse(session.id, refusal, "a part of another block", now);
  if (refusal != Refusal::none) return refuse(session.id, refusal, {}, now);
  if (!block.is_open() && !printed.goes_on) return print_whole(session, printed);
  if (!block.is_open()) block = {{}, printed.number, from.number};
  block.bytes += printed.block;
  if (printed.goes_on) return;
  print_whole(session, {0, printed.number, block.bytes});
  std::string().swap(block.bytes);  // frees its memory
  block = {};
}

void Sessions::print_whole(Session& session, const PrintBlock& printed) {
  session.print.bytes += printed.block.size();
  if (!printed.block.empty()) host_.print({session.hello.instance, printed.number, printed.block});
}

void Sessions::close(const Peer& from, SeqNo last_put) {
  auto& session = from.session;
  session.closed = true;
  last_close_ = session.heard_at;
  session.last_put = last_put;
  role_of(session).close(from);
}

void Sessions::unknown(const SessionId& id, Time now) {
  const auto* ended = ended_sessions_.find(id);
  if (!ended || !ended->left) return refuse(id, Refusal::unknown_session, {}, now);
  Confirm confirm;
  confirm.control_received = ended->control_received;
  confirm.ended = true;
  send(id, encode_confirm(header_for(id, MessageType::confirm), confirm));
}

void Sessions::refuse(const SessionId& id, Refusal refusal, const std::string& detail, Time now) {
  const auto count = ++refusals_[static_cast<std::size_t>(refusal)];
  auto text = std::string(meaning(refusal));
  if (!detail.empty()) text += " (" + detail + ")";
  if (should_log(count) && !is_routine(refusal))
    effects_.log.push_back("refused (" + counted(count, "time") + "): " + text + " [session " +
                           to_hex(id).substr(0, 8) + "]");
  if (subscriptions_.contains(id))
    send(id,
         encode_json(header_for(id, MessageType::refusal), to_json(RefusalNotice{refusal, text})));
  // A client without room is not gone: it asks again each second, and this need not be logged.
  if (auto* session = find(id); session && ends_session(refusal))
    end(*session, refusal == Refusal::sessions_full ? std::string() : text, now);
}

// --- end -----------------------------------------------------------------------------------------

void Sessions::end(Session& session, const std::string& why, Time now) {
  if (session.state == Session::State::ended) return;
  const bool was_established =
      std::exchange(session.state, Session::State::ended) == Session::State::established;
  ended_.push_back(session.id);
  if (!was_established) return;
  // The session's mark in `why` proves, when its client comes back, that it was this session that
  // lost an item.
  const auto mark = why.empty() ? why : why + " [session " + to_hex(session.id).substr(0, 8) + "]";
  ended_sessions_.remember(session.id,
                           {session.control_whole(), mark, session.serial, session.left}, now);
  if (!why.empty() && !session.closed)
    effects_.log.push_back(std::string(name(session.hello.role)) + " " + session.hello.host + "/" +
                           std::to_string(session.hello.pid) + " is gone: " + mark);
  role_of(session).end(session, mark, now);
}

bool Sessions::has_time_for_ends() const {
  return std::all_of(roles_.begin(), roles_.end(),
                     [](const auto& role) { return role->has_time_for_ends(); });
}

void Sessions::check_liveness(Time now) {
  if (now < look_at_) return;
  look_at_ = never;
  for (auto& [id, session] : sessions_) {
    if (session->state == Session::State::ended) continue;
    const auto silent_at = session->heard_at + session_timeout;
    const auto gone_at = session->left_at == never ? never : session->left_at + reconnect_grace;
    if (gone_at <= now)
      end(*session, "its process ended or its connection broke", now);
    else if (silent_at <= now)
      end(*session, "no heartbeat for 3 s", now);
    else
      look_at_ = std::min({look_at_, silent_at, gone_at});
    if (!has_time_for_ends()) {  // they held much: the others in the next turn
      look_at_ = now;
      return;
    }
  }
}

/// A session that was heard, or departed, directly after the pause was not affected by it.
void Sessions::extend_deadlines(Duration pause, Time now) {
  for (auto& [id, session] : sessions_) {
    session->heard_at = std::min(session->heard_at + pause, now);
    if (session->left_at != never) session->left_at = std::min(session->left_at + pause, now);
  }
  look_at_ = now;
}

/// A close is complete when it is confirmed, and the role's condition is met.
void Sessions::end_closed_sessions(Time now) {
  for (std::size_t i = 0; i < changed_.size(); ++i) {
    auto& session = *changed_[i];
    if (!session.closed || session.state != Session::State::established) continue;
    if (session.control_confirmed < session.control.received() ||
        !role_of(session).is_complete(session))
      continue;
    session.left = true;
    end(session, {}, now);
  }
}

bool Sessions::erase_ended(Time now) {
  for (const auto& id : ended_) sessions_.erase(id);
  ended_.clear();
  if (now < erase_at_) return false;
  erase_at_ = now + heartbeat_interval;
  ended_sessions_.forget_old(now);
  return true;
}

// --- confirms and feeds --------------------------------------------------------------------------

void Sessions::changed(Session& session) {
  if (std::exchange(session.changed, true)) return;
  changed_.push_back(&session);
}

void Sessions::all_changed() {
  for (auto& [id, session] : sessions_)
    if (session->state == Session::State::established) changed(*session);
}

void Sessions::heartbeat(Time now) {
  if (now < heartbeat_at_) return;
  all_changed();
  heartbeat_at_ = now + heartbeat_interval;
}

void Sessions::note_turn(Ticket turn) {
  for (const auto* session : changed_)
    if (session->state != Session::State::ended)
      pending_.push_back({turn, session->id, session->control_whole(), session->print.bytes});
}

void Sessions::became_durable(Ticket durable) {
  for (; !pending_.empty() && pending_.front().ticket <= durable; pending_.pop_front()) {
    const auto& entry = pending_.front();
    auto* session = find(entry.session);
    if (!session) continue;
    const auto number = session->consumer.reclaims.unconfirmable == SeqNo{} ||
                                entry.number < session->consumer.reclaims.unconfirmable
                            ? entry.number
                            : SeqNo{session->consumer.reclaims.unconfirmable.value - 1};
    session->control_confirmed = std::max(session->control_confirmed, number);
    session->print.confirmed = std::max(session->print.confirmed, entry.print_bytes);
    changed(*session);
  }
}

Confirm Sessions::confirm_of(Session& session) const {
  Confirm confirm;
  confirm.control_received = session.control_confirmed;
  confirm.rewind_control = session.control.has_gap();
  confirm.ended = session.state == Session::State::ended;
  host_.fill(confirm, session);
  if (const auto* feed = role_of(session).feed(session)) {
    confirm.feed_last = feed->last();
    confirm.feed_sent = feed->sent();
  }
  role_of(session).fill(confirm, session);
  return confirm;
}

void Sessions::tell_changed(Time now) {
  for (std::size_t i = 0; i < changed_.size(); ++i) {
    auto& session = *changed_[i];
    session.changed = false;
    if (session.state == Session::State::ended && !session.left) continue;
    send_feed(session, now);
    role_of(session).send_next(session, now);
    // After the messages that it reports as sent: a client that has not received those by then has
    // lost them.
    const auto confirm = confirm_of(session);
    send(session.id, encode_confirm(header_for(session.id, MessageType::confirm), confirm));
    role_of(session).sent(session, confirm);
    session.print.credit =
        std::max(session.print.credit, session.print.confirmed + confirm.print_window);
  }
  changed_.clear();
}

void Sessions::send_feed(Session& session, Time now) {
  auto* feed = role_of(session).feed(session);
  if (!feed) return;
  while (auto* block = feed->next_to_send(now))
    send(session.id,
         std::string(
             make_message(*block, MessageType::outcome, broker_instance_, session.id).view()));
}

bool Sessions::any_alive(Role role) const {
  return std::any_of(sessions_.begin(), sessions_.end(), [role](const auto& entry) {
    return entry.second->is(role) && entry.second->state != Session::State::ended;
  });
}

void Sessions::check_invariants() const {
  for (const auto& [id, session] : sessions_) {
    ensure(session->id == id);
    role_of(*session).check_invariants(*session);
  }
}

}  // namespace baton::internal::broker
