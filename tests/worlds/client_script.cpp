#include "tests/worlds/client_script.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace baton::internal::script {

SessionId session_id(std::uint8_t n) {
  SessionId id;
  id.bytes[0] = n;
  return id;
}

SessionConfig config_of(Role role) {
  SessionConfig config;
  config.role = role;
  config.client = "script";
  config.name = "it";
  config.host = "here";
  config.pid = 42;
  if (role != Role::printer) config.queues = {"default"};
  config.draw_id = [drawn = std::make_shared<std::uint8_t>(std::uint8_t{0})] {
    return session_id(++*drawn);
  };
  return config;
}

void Script::start() {
  logic_.start(now);
  tick();
}

void Script::tick() {
  Outbox out;
  do {
    out.clear();
    logic_.tick(now, out);
    requests_.insert(requests_.end(), out.requests.begin(), out.requests.end());
    for (const auto& message : out.messages) read(message);
  } while (logic_.next_deadline() <= now);
}

void Script::advance(Duration time) {
  now += time;
  tick();
}

void Script::run(Duration time) {
  for (const Time end = now + time; now < end;) advance(std::min<Duration>(100ms, end - now));
}

void Script::live(Duration time) {
  for (const Time end = now + time; now < end;) {
    advance(100ms);
    if ((now.time_since_epoch() / 100ms) % 10 != 0) continue;
    confirm.control_received = last_control_;
    send_confirm();
  }
}

void Script::read(const Outbox::Message& message) {
  Header header;
  REQUIRE(read_header(message.bytes, header) == Refusal::none);
  CHECK(header.session == session);
  const auto payload = payload_of(message.bytes);
  if (header.type == MessageType::hello) {
    std::string why;
    Hello hello;
    REQUIRE_MESSAGE(parse(payload, hello, why) == Refusal::none, why);
    hello_ = hello;
    return;
  }
  CHECK(header.broker_instance == broker_instance);
  if (header.type == MessageType::heartbeat) {
    Heartbeat heartbeat;
    REQUIRE(decode_heartbeat(payload, heartbeat) == Refusal::none);
    heartbeat_ = heartbeat;
    return;
  }
  CHECK((message.endpoint == TargetEndpoint::put) == (header.type == MessageType::put));
  if (header.type == MessageType::put && header.count == 0) return marks_.push_back(header.number);
  REQUIRE(check_entries(header.type, payload, header.count) == Refusal::none);
  EntryReader in(payload);
  for (Entry entry; in.next(entry);) {
    if (entry.kind == EntryKind::digest)
      places_.push_back(read_digest(entry));
    else if (header.type == MessageType::put)
      puts_.emplace_back(read_item(entry).body);
    else
      control_.push_back({entry.kind, std::string(entry.payload), entry.b});
  }
  if (header.type == MessageType::control)
    last_control_ = {header.number.value + header.count - 1u};
}

void Script::notify(const std::string& frame) {
  logic_.on_notification(frame, now);
  tick();
}

void Script::welcome(const Welcome& welcome) {
  notify(encode_json({MessageType::welcome, 0, broker_instance, session, {}}, to_json(welcome)));
}

void Script::send_confirm() {
  confirm.part = part_;
  notify(encode_confirm({MessageType::confirm, 0, broker_instance, session, {}}, confirm));
}

void Script::refuse(Refusal refusal, const std::string& text) {
  notify(encode_json({MessageType::refusal, 0, broker_instance, session, {}},
                     to_json(RefusalNotice{refusal, text})));
}

void Script::told(MessageType type, SeqNo first, const std::vector<std::string>& blocks) {
  std::string frame(header_size, '\0');
  write_header(frame.data(),
               {type, static_cast<std::uint16_t>(blocks.size()), broker_instance, session, first});
  for (const auto& block : blocks)
    type == MessageType::console ? append_line(frame, {0, 0, block})
                                 : append_block(frame, EntryKind::died, block);
  notify(frame);
}

void Script::deliver(std::uint32_t generation, SeqNo first, const std::vector<std::uint64_t>& ids,
                     std::uint32_t deliveries) {
  deliver(generation, first, ids, deliveries, {});
}

void Script::deliver_unstored(std::uint32_t generation, SeqNo first,
                              const std::vector<std::uint64_t>& ids, PutName put) {
  deliver(generation, first, ids, 1, put);
}

void Script::deliver(std::uint32_t generation, SeqNo first, const std::vector<std::uint64_t>& ids,
                     std::uint32_t deliveries, PutName put) {
  std::string frame(header_size, '\0');
  write_header(frame.data(), {MessageType::deliveries, static_cast<std::uint16_t>(ids.size()),
                              broker_instance, session, first});
  PutName before;
  for (const auto id : ids) {
    append_delivery(
        frame, {{id}, 0, 1, default_priority, "body " + std::to_string(id), 0, deliveries, put},
        before);
    before = put;
    if (put != PutName{}) put = put.next();
  }
  logic_.on_link(generation, frame, now);
  tick();
}

void Script::lost(SeqNo number, const std::vector<ItemRun>& runs) {
  std::string frame(header_size, '\0');
  write_header(frame.data(), {MessageType::outcome, 1, broker_instance, session, number});
  append_runs(frame, EntryKind::lost, runs);
  notify(frame);
}

void Script::none(std::uint32_t generation, SeqNo number) {
  std::string frame(header_size, '\0');
  write_header(frame.data(), {MessageType::deliveries, 1, broker_instance, session, number});
  append_block(frame, EntryKind::empty, {});
  logic_.on_link(generation, frame, now);
  tick();
}

std::optional<Hello> Script::hello() { return std::exchange(hello_, std::nullopt); }
std::optional<Heartbeat> Script::heartbeat() { return std::exchange(heartbeat_, std::nullopt); }
std::vector<Sent> Script::control() { return std::exchange(control_, {}); }
std::vector<std::string> Script::puts() { return std::exchange(puts_, {}); }
std::vector<InputPlace> Script::places() { return std::exchange(places_, {}); }
std::vector<SeqNo> Script::marks() { return std::exchange(marks_, {}); }
std::vector<SocketRequest> Script::requests() { return std::exchange(requests_, {}); }

std::vector<std::uint64_t> ids_in(const Sent& sent) {
  std::vector<ItemRun> runs;
  read_runs({sent.kind, 0, 0, sent.payload}, runs);
  std::vector<std::uint64_t> ids;
  for (const auto& run : runs)
    for (std::uint32_t i = 0; i < run.count; ++i) ids.push_back(run.first.value + i);
  return ids;
}

std::vector<Reclaim> reclaims_in(const Sent& sent) {
  REQUIRE((sent.kind == EntryKind::reclaim || sent.kind == EntryKind::reclaim_put));
  std::vector<Reclaim> reclaims;
  read_reclaims({sent.kind, 0, 0, sent.payload}, reclaims);
  return reclaims;
}

}  // namespace baton::internal::script
