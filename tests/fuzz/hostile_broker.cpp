#include "tests/fuzz/hostile_broker.hpp"

#include <memory>

#include "proto/ensure.hpp"

namespace baton::internal::fuzz {

SessionConfig config_of(Role role) {
  SessionConfig config;
  config.role = role;
  config.client = "fuzzer";
  config.name = "it";
  config.host = "here";
  config.pid = 42;
  if (role != Role::printer) config.queues = {"default"};
  config.draw_id = [drawn = std::make_shared<std::uint16_t>()] {
    SessionId id;
    ++*drawn;
    std::memcpy(id.bytes.data(), drawn.get(), sizeof *drawn);
    return id;
  };
  return config;
}

HostileBroker::HostileBroker(ClientLogic& logic, const ClientSession& session, Script& script)
    : logic_(logic), session_(session), script_(script) {}

void HostileBroker::act() {
  switch (script_.below(10)) {
    case 0:
      return raw();
    case 1:
      return welcome();
    case 2:
    case 3:
      return confirm();
    case 4:
      return refusal();
    case 5:
      return tell();
    case 6:
    case 7:
      return deliver();
    case 8:
      return link_changes();
    default:
      return pass_time();
  }
}

/// Right for the session that the client has, most of the time.
Header HostileBroker::header(MessageType type, SeqNo number, std::uint16_t count) const {
  auto broker_instance = session_.established() ? session_.broker_instance() : BrokerInstance{1};
  if (script_.below(8) == 7) broker_instance.value = script_.number();
  return {type, count, broker_instance, session_.id(), number};
}

void HostileBroker::raw() {
  constexpr MessageType types[] = {MessageType::welcome, MessageType::confirm,
                                   MessageType::refusal, MessageType::outcome,
                                   MessageType::console, MessageType::deliveries};
  const auto what = script_.below(std::size(types) + 1);
  if (what == std::size(types)) return notify(std::string(script_.bytes()));
  const SeqNo number{script_.number()};
  const auto count = static_cast<std::uint16_t>(script_.number());
  const auto frame = encode_json(header(types[what], number, count), script_.bytes());
  if (types[what] == MessageType::deliveries)
    logic_.on_link(link_, frame, now_);
  else
    notify(frame);
}

void HostileBroker::welcome() {
  Welcome welcome;
  welcome.durable = script_.below(2) == 1;
  welcome.put_received.value = script_.number();
  for (auto digests = script_.below(3); digests > 0; --digests)
    welcome.digests.push_back({script_.number(), {}});
  welcome.feed_first.value = script_.number();
  welcome.previous_control.value = script_.number();
  confirm_ = {};
  link_ = 0;
  notify(encode_json(header(MessageType::welcome), to_json(welcome)));
}

/// Some fields change; the rest is as it was said last.
void HostileBroker::confirm() {
  std::uint64_t* const fields[] = {&confirm_.control_received.value,
                                   &confirm_.producer.put_received.value,
                                   &confirm_.producer.put_confirmed.value,
                                   &confirm_.producer.put_credit.value,
                                   &confirm_.producer.put_window,
                                   &confirm_.print_window,
                                   &confirm_.producer.accepted,
                                   &confirm_.producer.done,
                                   &confirm_.producer.dead,
                                   &confirm_.feed_last.value,
                                   &confirm_.consumer.link_sent.value};
  for (auto changes = script_.below(4); changes > 0; --changes)
    *fields[script_.below(std::size(fields))] = script_.number();
  if (script_.below(4) == 1) confirm_.control_received = session_.control().sent();
  if (script_.below(4) == 1) {
    confirm_.consumer.link_generation = script_.below(8)
                                            ? confirm_.consumer.link_generation + 1
                                            : static_cast<std::uint32_t>(script_.number());
    confirm_.consumer.link_port = static_cast<std::uint16_t>(script_.number());
  }
  confirm_.producer.put_held = static_cast<Held>(script_.below(8));
  const auto flags = script_.below(256);
  confirm_.producer.rewind_put = flags & 1;
  confirm_.rewind_control = flags & 2;
  confirm_.shutdown = (flags & 0x1c) == 0x1c;
  confirm_.ended = flags & 0x20;
  confirm_.part = part_of(session_.config().role);
  if (script_.below(8) == 7) confirm_.part = static_cast<Confirm::Part>(script_.below(4));
  notify(encode_confirm(header(MessageType::confirm), confirm_));
}

void HostileBroker::refusal() {
  const auto refusal = static_cast<Refusal>(script_.below(refusal_count));
  notify(encode_json(header(MessageType::refusal), to_json(RefusalNotice{refusal, "because"})));
}

void HostileBroker::append_feed(std::string& out, MessageType type) {
  if (type == MessageType::outcome) {
    if (script_.below(4) == 0) return append_block(out, EntryKind::died, script_.bytes());
    if (script_.below(4) == 0)
      return append_runs(
          out, EntryKind::lost,
          {{{1 + script_.number()}, static_cast<std::uint32_t>(1 + script_.below(50))}});
    DeadNotice notice{{script_.number()}, "default", "body", script_.number(), {}};
    return append_block(out, EntryKind::died, to_json(notice));
  }
  if (script_.below(4) == 0) return append_dropped(out, script_.number());
  const std::uint64_t client = script_.below(4), number = script_.number();
  append_line(out, {client, number, script_.bytes()});
}

std::string HostileBroker::entries(MessageType type, SeqNo number) {
  const auto count = static_cast<std::uint16_t>(1 + script_.below(4));
  std::string frame(header_size, '\0');
  write_header(frame.data(), header(type, number, count));
  for (std::uint16_t i = 0; i < count; ++i) {
    if (type != MessageType::deliveries)
      append_feed(frame, type);
    else if (script_.below(4) == 0)
      append_block(frame, EntryKind::empty, {});
    else
      append_delivery(
          frame,
          {{1 + script_.number()}, static_cast<std::uint16_t>(script_.number()), 1, 4, "body"});
  }
  return frame;
}

void HostileBroker::tell() {
  const auto type = script_.below(2) ? MessageType::outcome : MessageType::console;
  const auto number = script_.below(4) ? session_.feed_position() + 1 : SeqNo{script_.number()};
  notify(entries(type, number));
}

void HostileBroker::deliver() {
  const auto number = script_.below(8) ? handed_ + 1 : SeqNo{script_.number()};
  const auto frame = entries(MessageType::deliveries, number);
  Header sent;
  if (read_header(frame, sent) == Refusal::none) handed_ = {number.value + sent.count - 1u};
  logic_.on_link(link_, frame, now_);
}

void HostileBroker::link_changes() {
  if (script_.below(2))
    logic_.on_link_up(link_, now_);
  else
    logic_.on_link_down(link_, now_);
}

void HostileBroker::pass_time() {
  constexpr Duration times[] = {1ms, 250ms, 1s, 2s, 3s, 10s, 1h};
  now_ += times[script_.below(std::size(times))];
}

void HostileBroker::tick() {
  constexpr int most_rounds = 100;
  Outbox out;
  int rounds = 0;
  do {
    ensure(++rounds < most_rounds);
    out.clear();
    logic_.tick(now_, out);
    for (const auto& request : out.requests) {
      if (request.kind == SocketRequest::Kind::close_link ||
          request.kind == SocketRequest::Kind::open)
        continue;
      link_ = request.generation;
      handed_ = {};
      ensure(request.port != 0);
    }
    for (const auto& message : out.messages) read(message);
  } while (logic_.next_deadline() <= now_);
}

/// As an honest broker would.
void HostileBroker::read(const Outbox::Message& message) const {
  Header header;
  ensure(read_header(message.bytes, header) == Refusal::none);
  ensure(header.session == session_.id());
  ensure((message.endpoint == TargetEndpoint::put) == (header.type == MessageType::put));
  const auto payload = payload_of(message.bytes);
  if (header.type == MessageType::hello) {
    Hello hello;
    std::string why;
    return ensure(parse(payload, hello, why) == Refusal::none);
  }
  ensure(header.broker_instance == session_.broker_instance());
  if (header.type == MessageType::heartbeat) {
    Heartbeat heartbeat;
    return ensure(decode_heartbeat(payload, heartbeat) == Refusal::none);
  }
  ensure(header.number.value > 0);
  if (header.type == MessageType::put && header.count == 0) return ensure(payload.empty());
  ensure(check_entries(header.type, payload, header.count) == Refusal::none);
}

}  // namespace baton::internal::fuzz
