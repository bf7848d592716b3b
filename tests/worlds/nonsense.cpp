#include "tests/worlds/nonsense.hpp"

#include <cstring>
#include <iterator>
#include <utility>

namespace baton::internal::broker::test {
namespace {

constexpr BrokerInstance broker_instance{7};

Header header(MessageType type, const SessionId& id) { return {type, 0, broker_instance, id, {}}; }

SessionId id_of(std::uint64_t begun) {
  SessionId id;
  std::memcpy(id.bytes.data(), &begun, sizeof begun);
  return id;
}

}  // namespace

Nonsense::Nonsense(CoreSettings settings, Below below)
    : below_(std::move(below)), dispatcher_(std::move(settings), broker_instance, storage_, now_) {}

void Nonsense::send_one() {
  const SessionId id = session();
  switch (below_(9)) {
    case 8:
      return begin();
    case 0:
      return subscription(id);
    case 1:
      return send(encode_json(header(MessageType::hello, id), hello()));
    case 2:
      return send(encode_heartbeat(header(MessageType::heartbeat, id), heartbeat()));
    case 3:
    case 4:
      return entries(MessageType::put, id, [&](std::string& out) { item(out); });
    default:
      return entries(MessageType::control, id, [&](std::string& out) { control_entry(out); });
  }
}

void Nonsense::send_payload(MessageType type, std::string_view payload) {
  const auto id = session();
  auto message_header = header(type, id);
  message_header.count = 1;
  message_header.number = next(type, id);
  std::string message(header_size, '\0');
  write_header(message.data(), message_header);
  send(message += payload);
}

void Nonsense::turn() {
  now_ += std::chrono::milliseconds(below_(20) == 0 ? below_(4000) : below_(5));
  dispatcher_.end_turn(now_);
  dispatcher_.carry_out(*this);
  dispatcher_.core().check_invariants();
}

void Nonsense::open_link(const SessionId& session, std::uint32_t generation) {
  if (below_(10) == 0)
    dispatcher_.core().link_failed(session, generation, now_);
  else
    dispatcher_.core().link_opened(session, generation, 6000);
}

std::uint64_t Nonsense::put() {
  std::uint64_t all = 0;
  for (const auto& [name, queue] : dispatcher_.core().queues().all()) all += queue->put;
  return all;
}

/// One of the last that began.
SessionId Nonsense::session() {
  return id_of(begun_ - std::min<std::uint64_t>(begun_, below_(12)));
}

/// A client comes as it should, so that the rest is nonsense of a session that stands.
void Nonsense::begin() {
  const auto id = id_of(++begun_);
  dispatcher_.on_subscription('\1' + std::string(id.view()), now_);
  dispatcher_.on_control(encode_json(header(MessageType::hello, id), hello()), now_);
}

/// Small and likely to be right, or at an edge of what a number can be.
std::uint64_t Nonsense::number() {
  constexpr std::uint64_t edges[] = {0,
                                     65'535,
                                     65'536,
                                     65'537,
                                     UINT32_MAX,
                                     1ull << 32,
                                     1ull << 63,
                                     UINT64_MAX - 65'536,
                                     UINT64_MAX - 1,
                                     UINT64_MAX};
  return below_(4) == 0 ? edges[below_(std::size(edges))] : 1 + below_(40);
}

std::string Nonsense::hello() {
  Hello hello;
  hello.role = static_cast<Role>(below_(2) ? below_(2) : below_(3));  // rarely a printer
  hello.name = "name " + std::to_string(below_(8));
  hello.named = below_(2);
  hello.queues = {"queue" + std::to_string(below_(3))};
  // Drawn for all roles: so that a fuzzer may change one by itself.
  const bool two_queues = below_(2);
  if (hello.role == Role::consumer && two_queues)
    hello.queues.push_back("queue" + std::to_string(below_(3)));
  hello.first_put.value = below_(2) ? 1 : std::max<std::uint64_t>(1, number());
  hello.feed_position.value = number();
  hello.begun = below_(4) == 1;
  if (below_(4) == 1) hello.run.bytes.fill(static_cast<std::uint8_t>(1 + below_(2)));
  if (below_(2)) hello.previous = Previous{broker_instance, session()};
  hello.reclaims = below_(3) * below_(100);
  return to_json(hello);
}

Heartbeat Nonsense::heartbeat() {
  Heartbeat heartbeat;
  for (auto* value : {&heartbeat.put_sent, &heartbeat.control_sent, &heartbeat.feed_position,
                      &heartbeat.link_received})
    value->value = number();
  heartbeat.link_generation = static_cast<std::uint32_t>(number());
  heartbeat.rewind = below_(2) == 0;
  return heartbeat;
}

void Nonsense::item(std::string& out) {
  const std::string body(below_(100), 'x');
  PutItem item{static_cast<std::uint8_t>(below_(10)), 0, body};
  if (below_(3) == 0) item.delay_ms = static_cast<std::uint32_t>(number());
  append_item(out, item);
}

void Nonsense::control_entry(std::string& out) {
  const auto n32 = static_cast<std::uint32_t>(number());
  ItemRun run{{number()}, 0};
  run.count = std::max<std::uint32_t>(1, static_cast<std::uint32_t>(below_(50)));
  switch (below_(9)) {
    case 8:
      return append_reclaims(out,
                             {{run.first, run.count, static_cast<std::uint32_t>(1 + below_(3))}});
    case 0:
    case 1:
      return append_request(out,
                            {number(), number(), {number()}, static_cast<std::uint32_t>(number())});
    case 2:
      return append_cancel_requests(out, n32);
    case 3:
      return append_runs(out, below_(2) ? EntryKind::ack : EntryKind::release, {run});
    case 4:
      return append_settlement(out, {Settlement::Kind::failed, run.first, "why", n32});
    case 5:
      return append_link_lost(out, {below_(2) ? 1 : n32, {run.first.value}, n32});
    case 6:
      if (below_(4) == 0) return append_flush(out, {number()});
      if (below_(2)) return append_block(out, EntryKind::join, {});
      return append_print(out, {0, 1 + below_(4), below_(2) ? "" : "line\n"});
    default:
      if (below_(10) == 0) append_close(out, {number()});
      return append_request(
          out, {below_(100), below_(100), {below_(100)}, static_cast<std::uint32_t>(below_(100))});
  }
}

template <class Append>
void Nonsense::entries(MessageType type, const SessionId& id, Append append) {
  auto message_header = header(type, id);
  message_header.number = below_(4) == 0 ? SeqNo{number()} : next(type, id);
  std::string payload;
  for (auto count = 1 + below_(4); count > 0; --count) append(payload);
  EntryReader in(payload);
  for (Entry entry; in.next(entry);) ++message_header.count;
  std::string message(header_size, '\0');
  write_header(message.data(), message_header);
  send(message + payload);
}

SeqNo Nonsense::next(MessageType type, const SessionId& id) {
  const auto* session = dispatcher_.core().find(id);
  if (!session) return {1};
  if (type == MessageType::control) return session->control.received() + 1;
  return session->producer ? session->producer->put.received() + 1 : SeqNo{1};
}

void Nonsense::subscription(const SessionId& id) {
  dispatcher_.on_subscription((below_(4) ? '\1' : '\0') + std::string(id.view()), now_);
}

/// Now and then broken on the way.
void Nonsense::send(std::string message) {
  if (below_(10) == 9) {
    const auto at = below_(message.size());
    message[at] = static_cast<char>(below_(256));
  }
  if (below_(20) == 19) message.resize(below_(message.size()));
  if (message.size() > 4 && message[4] == static_cast<char>(MessageType::put))
    dispatcher_.on_put(message, now_);
  else
    dispatcher_.on_control(message, now_);
}

}  // namespace baton::internal::broker::test
