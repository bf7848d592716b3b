#include "broker/dispatcher.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace baton::internal::broker {
void Dispatcher::on_put(std::string_view frame, Time now) {
  Header header;
  auto refusal = read_header(frame, header);
  if (refusal == Refusal::none && header.type != MessageType::put)
    refusal = Refusal::wrong_endpoint;
  if (refusal != Refusal::none) return core_.refuse(header.session, refusal, {}, now);
  auto* session = session_of(header, now);
  if (!session) return;
  if (!session->is(Role::producer))
    return core_.refuse(header.session, Refusal::wrong_role, {}, now);
  if (header.count == 0) return core_.producers().put_mark({*session}, header.number, now);
  refusal = put(*session, header.number, header.count, payload_of(frame), now);
  if (refusal != Refusal::none) core_.refuse(header.session, refusal, {}, now);
}

Refusal Dispatcher::put(Session& session, SeqNo first, std::uint16_t count,
                        std::string_view entries, Time now) {
  if (const auto refusal = check_entries(MessageType::put, entries, count);
      refusal != Refusal::none)
    return refusal;
  read_put(entries, put_);
  return core_.producers().put({session}, first, put_, now);
}

void Dispatcher::on_control(std::string_view frame, Time now) {
  Header header;
  if (const auto refusal = read_header(frame, header); refusal != Refusal::none)
    return core_.refuse(header.session, refusal, {}, now);
  switch (header.type) {
    case MessageType::hello:
      return on_hello(frame, header, now);
    case MessageType::heartbeat:
      return on_heartbeat(frame, header, now);
    case MessageType::probe:
      return core_.probe(header.session);
    case MessageType::control:
      return on_entries(frame, header, now);
    default:
      return core_.refuse(header.session, Refusal::wrong_endpoint, {}, now);
  }
}

void Dispatcher::on_hello(std::string_view frame, const Header& header, Time now) {
  Hello hello;
  std::string why;
  auto refusal = parse(payload_of(frame), hello, why);
  if (refusal == Refusal::none && header.session == SessionId{}) {
    refusal = Refusal::hello;
    why = "the session id is all zeros";
  }
  if (refusal == Refusal::none) refusal = core_.hello(header.session, std::move(hello), now);
  if (refusal == Refusal::sessions_full) why = core_.why_full();
  if (refusal != Refusal::none) core_.refuse(header.session, refusal, why, now);
}

void Dispatcher::on_heartbeat(std::string_view frame, const Header& header, Time now) {
  auto* session = session_of(header, now);
  if (!session) return;
  Heartbeat heartbeat;
  if (const auto refusal = decode_heartbeat(payload_of(frame), heartbeat); refusal != Refusal::none)
    return core_.refuse(header.session, refusal, {}, now);
  core_.heartbeat(*session, heartbeat, now);
}

void Dispatcher::on_entries(std::string_view frame, const Header& header, Time now) {
  auto* session = session_of(header, now);
  if (!session) return;
  const auto refusal = control(*session, header.number, header.count, payload_of(frame), now);
  if (refusal != Refusal::none) core_.refuse(header.session, refusal, {}, now);
}

Refusal Dispatcher::control(Session& session, SeqNo first, std::uint16_t count,
                            std::string_view entries, Time now) {
  if (const auto refusal = check_entries(MessageType::control, entries, count);
      refusal != Refusal::none)
    return refusal;
  if (first.value == 0) return Refusal::malformed;
  const auto skip = core_.sessions().skip(session, first, count, now);
  EntryReader in(entries);
  Entry entry;
  for (std::uint32_t i = 0; in.next(entry); ++i) {
    if (i < skip || session.state != Session::State::established) continue;
    if (session.closed)
      core_.refuse(session.id, Refusal::malformed, "an entry after the close", now);
    else
      apply({session, first + i}, entry, now);
  }
  return Refusal::none;
}

/// Applies what all roles may send, and passes the rest on to the session's role.
void Dispatcher::apply(const Peer& from, const Entry& entry, Time now) {
  const auto& session = from.session;
  if (session.print.block.is_open() && entry.kind != EntryKind::print)
    return core_.refuse(session.id, Refusal::malformed, "between the parts of a block", now);
  if (const auto sender = find_kind(entry.kind)->sender; sender && !session.is(*sender))
    return core_.refuse(session.id, Refusal::wrong_role, {}, now);
  core_.sessions().role_of(session).entry(from, entry, now);
  if (entry.kind == EntryKind::print) core_.sessions().print(from, read_print(entry), now);
  if (entry.kind == EntryKind::close) core_.sessions().close(from, read_close(entry));
  // A flush: each turn is stored and confirmed, and with this one all that came before it.
}

Session* Dispatcher::session_of(const Header& header, Time now) {
  if (header.broker_instance != core_.broker_instance()) {
    core_.refuse(header.session, Refusal::wrong_broker_instance, {}, now);
    return nullptr;
  }
  auto* session = core_.find(header.session);
  if (!session) core_.unknown(header.session, now);
  return session;
}

void Dispatcher::on_in(std::string_view frame, Time now) {
  if (const auto refusal = core_.plain().put(frame, now); refusal != Refusal::none)
    core_.refuse({}, refusal, {}, now);
}

void Dispatcher::carry_out(Shell& shell) {
  for (const auto& change : std::exchange(effects_.link_changes, {}))  // a failure adds new ones
    if (change.open)
      shell.open_link(change.session, change.generation);
    else
      shell.close_link(change.session, change.generation);
  shell.before_sending(effects_);
  for (auto& message : effects_.link_messages) {
    write_header(message.bytes.data(), {MessageType::deliveries, message.count,
                                        core_.broker_instance(), message.session, message.first});
    shell.send(message);
  }
  for (auto& notification : effects_.notifications) shell.send(notification);
  shell.put_out(effects_.out);
  for (const auto& line : effects_.log) shell.log(line);
  effects_.clear();
}

void Dispatcher::on_frames(std::string_view first, Time now) {
  Header header;
  static_cast<void>(read_header(first, header));  // only to whom the answer goes
  core_.refuse(header.session, Refusal::frames, {}, now);
}

bool Dispatcher::on_subscription(std::string_view frame, Time now) {
  SessionId topic;
  if (frame.size() != 1 + topic.bytes.size() || (frame[0] != 0 && frame[0] != 1)) return false;
  std::copy(frame.begin() + 1, frame.end(), topic.bytes.begin());
  if (frame[0] == 1) return core_.subscribed(topic, now);
  core_.unsubscribed(topic, now);
  return true;
}

}  // namespace baton::internal::broker
