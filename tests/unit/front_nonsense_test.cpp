// Nonsense with a valid envelope: sessions that stand and say what no client of ours would. The books balance all the
// same, and nobody else's queue suffers.
#include <doctest/doctest.h>

#include <cstring>
#include <random>
#include <utility>

#include "broker/front.hpp"
#include "broker/memory_storage.hpp"

namespace baton::broker::test {
namespace {

constexpr Epoch epoch{7};

class Nonsense {
 public:
  explicit Nonsense(std::uint64_t seed) : random_(seed), front_(settings(), epoch, storage_, now_) {}

  void say_one() {
    const SessionId id = session();
    switch (below(9)) {
      case 8:
        return begin();
      case 0:
        return subscription(id);
      case 1:
        return send(encode_json(header(MessageType::hello, id), hello()));
      case 2:
        return send(encode_beat(header(MessageType::beat, id), beat()));
      case 3:
      case 4:
        return entries(MessageType::put, id, [&](std::string& out) { item(out); });
      default:
        return entries(MessageType::control, id, [&](std::string& out) { control_entry(out); });
    }
  }

  void turn() {
    now_ += std::chrono::milliseconds(below(20) == 0 ? below(4000) : below(5));
    front_.end_turn(now_);
    auto& effects = front_.effects();
    for (const auto& change : std::exchange(effects.lane_changes, {})) {
      if (!change.open) continue;
      if (below(10) == 0)
        front_.core().lane_failed(change.session, change.generation, now_);
      else
        front_.core().lane_opened(change.session, change.generation, 6000);
    }
    effects.clear();
    front_.core().check_invariants();
  }

  const Core& core() { return front_.core(); }
  std::uint64_t put() {
    std::uint64_t all = 0;
    for (const auto& [name, queue] : core().stock().queues()) all += queue->put;
    return all;
  }

 private:
  static Settings settings() {
    Settings settings;
    settings.max_items = 50;
    settings.max_attempts = 3;
    settings.console_keep = 1 << 16;
    return settings;
  }

  std::uint64_t below(std::uint64_t n) const { return random_() % n; }

  /// One of the last that began.
  SessionId session() const {
    const auto last = begun_ - std::min<std::uint64_t>(begun_, random_() % 12);
    SessionId id;
    std::memcpy(id.bytes.data(), &last, sizeof last);
    return id;
  }

  /// A client comes as it should, so that the rest is nonsense of a session that stands.
  void begin() {
    ++begun_;
    SessionId id;
    std::memcpy(id.bytes.data(), &begun_, sizeof begun_);
    front_.on_subscription('\1' + std::string(id.view()), now_);
    front_.on_control(encode_json(header(MessageType::hello, id), hello()), now_);
  }

  /// Small and likely to be right, or at an edge of what a number can be.
  std::uint64_t number() {
    constexpr std::uint64_t edges[] = {
        0, 65'535, 65'536, 65'537, UINT32_MAX, 1ull << 32, 1ull << 63, UINT64_MAX - 65'536, UINT64_MAX - 1, UINT64_MAX};
    return below(4) == 0 ? edges[below(std::size(edges))] : 1 + below(40);
  }

  Header header(MessageType type, const SessionId& id) { return {type, 0, epoch, id, {}}; }

  std::string hello() {
    Hello hello;
    hello.role = static_cast<Role>(below(2) ? below(2) : below(3));  // rarely a printer
    hello.name = "name " + std::to_string(below(8));
    hello.named = below(2);
    hello.queues = {"queue" + std::to_string(below(3))};
    if (hello.role == Role::consumer && below(2)) hello.queues.push_back("queue" + std::to_string(below(3)));
    hello.first_put.value = below(2) ? 1 : std::max<std::uint64_t>(1, number());
    hello.heard.value = number();
    if (below(2)) hello.previous = Previous{epoch, session()};
    for (auto runs = below(3); runs > 0; --runs)
      hello.reclaim.push_back({{number()}, static_cast<std::uint32_t>(1 + below(1000))});
    return to_json(hello);
  }

  Beat beat() {
    return {{number()}, {number()}, {number()}, {number()}, static_cast<std::uint32_t>(number()), below(2) == 0};
  }

  void item(std::string& out) {
    const std::string body(below(100), 'x');
    append_item(out, {static_cast<std::uint8_t>(below(10)), static_cast<std::uint32_t>(below(3) ? 0 : number()), body});
  }

  void control_entry(std::string& out) {
    const auto n32 = static_cast<std::uint32_t>(number());
    const ItemRun run{{number()}, std::max<std::uint32_t>(1, static_cast<std::uint32_t>(below(50)))};
    switch (below(8)) {
      case 0:
      case 1:
        return append_ask(out, number());
      case 2:
        return append_withdraw(out, n32);
      case 3:
        return append_runs(out, below(2) ? EntryKind::ack : EntryKind::release, {run});
      case 4:
        return append_fail(out, {run.first, n32, "why"});
      case 5:
        return append_lane_lost(out, {below(2) ? 1 : n32, {number()}, n32});
      case 6:
        return append_block(out, below(2) ? EntryKind::join : EntryKind::say, below(2) ? "" : "line\n");
      default:
        if (below(10) == 0) append_bye(out, {number()});
        return append_ask(out, below(100));
    }
  }

  template <class Append>
  void entries(MessageType type, const SessionId& id, Append append) {
    auto message_header = header(type, id);
    message_header.number = below(4) == 0 ? Number{number()} : next(type, id);
    std::string payload;
    for (auto count = 1 + below(4); count > 0; --count) append(payload);
    EntryReader in(payload);
    for (Entry entry; in.next(entry);) ++message_header.count;
    std::string message(header_size, '\0');
    write_header(message.data(), message_header);
    send(message + payload);
  }

  Number next(MessageType type, const SessionId& id) {
    const auto* session = front_.core().find(id);
    if (!session) return {1};
    if (type == MessageType::control) return session->control.received() + 1;
    return session->producer ? session->producer->put.received() + 1 : Number{1};
  }

  void subscription(const SessionId& id) {
    front_.on_subscription((below(4) ? '\1' : '\0') + std::string(id.view()), now_);
  }

  /// Now and then broken on the way.
  void send(std::string message) {
    if (below(10) == 0) message[below(message.size())] = static_cast<char>(below(256));
    if (below(20) == 0) message.resize(below(message.size()));
    if (message.size() > 4 && message[4] == static_cast<char>(MessageType::put))
      front_.on_put(message, now_);
    else
      front_.on_control(message, now_);
  }

  mutable std::mt19937_64 random_;
  std::uint64_t begun_ = 0;  // sessions
  Time now_{1h};
  MemoryStorage storage_;
  Front front_;
};

TEST_CASE("nonsense from sessions that stand breaks no invariant") {
  std::uint64_t refused = 0, put = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    Nonsense nonsense(seed);
    for (int i = 0; i < 4000; ++i) {
      nonsense.say_one();
      if (i % 3 == 0) nonsense.turn();
    }
    refused += nonsense.core().refused(Refusal::not_held) + nonsense.core().refused(Refusal::malformed);
    put += nonsense.put();
  }
  MESSAGE("items put ", put, ", refused ", refused);
  CHECK(put > 1000);
  CHECK(refused > 1000);
}

}  // namespace
}  // namespace baton::broker::test
