#include "broker/front.hpp"

#include <algorithm>

namespace baton::broker {

void Front::on_put(std::string_view frame, Time now) {
  Header header;
  auto refusal = read_header(frame, header);
  if (refusal == Refusal::none && header.type != MessageType::put) refusal = Refusal::wrong_door;
  if (refusal != Refusal::none) return core_.refuse(header.session, refusal, {}, now);
  auto* session = session_of(header, now);
  if (!session) return;
  if (header.count == 0) return core_.put_mark(*session, header.number, now);
  refusal = check_entries(header.type, payload_of(frame), header.count);
  if (refusal == Refusal::none) refusal = core_.put(*session, header.number, header.count, payload_of(frame), now);
  if (refusal != Refusal::none) core_.refuse(header.session, refusal, {}, now);
}

void Front::on_control(std::string_view frame, Time now) {
  Header header;
  if (const auto refusal = read_header(frame, header); refusal != Refusal::none)
    return core_.refuse(header.session, refusal, {}, now);
  switch (header.type) {
    case MessageType::hello:
      return on_hello(frame, header, now);
    case MessageType::beat:
      return on_beat(frame, header, now);
    case MessageType::probe:
      return core_.probe(header.session);
    case MessageType::control:
      return on_entries(frame, header, now);
    default:
      return core_.refuse(header.session, Refusal::wrong_door, {}, now);
  }
}

void Front::on_hello(std::string_view frame, const Header& header, Time now) {
  Hello hello;
  std::string why;
  auto refusal = parse(payload_of(frame), hello, why);
  if (refusal == Refusal::none) refusal = core_.hello(header.session, std::move(hello), now);
  if (refusal == Refusal::sessions_full) why = core_.why_full();
  if (refusal != Refusal::none) core_.refuse(header.session, refusal, why, now);
}

void Front::on_beat(std::string_view frame, const Header& header, Time now) {
  auto* session = session_of(header, now);
  if (!session) return;
  Beat beat;
  if (const auto refusal = decode_beat(payload_of(frame), beat); refusal != Refusal::none)
    return core_.refuse(header.session, refusal, {}, now);
  core_.beat(*session, beat, now);
}

void Front::on_entries(std::string_view frame, const Header& header, Time now) {
  auto* session = session_of(header, now);
  if (!session) return;
  auto refusal = check_entries(header.type, payload_of(frame), header.count);
  if (refusal == Refusal::none) refusal = core_.control(*session, header.number, header.count, payload_of(frame), now);
  if (refusal != Refusal::none) core_.refuse(header.session, refusal, {}, now);
}

Session* Front::session_of(const Header& header, Time now) {
  if (header.epoch != core_.epoch()) {
    core_.refuse(header.session, Refusal::wrong_epoch, {}, now);
    return nullptr;
  }
  auto* session = core_.find(header.session);
  if (!session) core_.unknown(header.session, now);
  return session;
}

void Front::on_in(std::string_view frame, Time now) {
  if (const auto refusal = core_.plain().put(frame, now); refusal != Refusal::none) core_.refuse({}, refusal, {}, now);
}

void Front::on_frames(Time now) { core_.refuse({}, Refusal::frames, {}, now); }

bool Front::on_subscription(std::string_view frame, Time now) {
  SessionId topic;
  if (frame.size() != 1 + topic.bytes.size() || (frame[0] != 0 && frame[0] != 1)) return false;
  std::copy(frame.begin() + 1, frame.end(), topic.bytes.begin());
  if (frame[0] == 1) return core_.subscribed(topic, now);
  core_.unsubscribed(topic, now);
  return true;
}

}  // namespace baton::broker
