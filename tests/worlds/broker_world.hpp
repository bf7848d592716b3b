// A broker's core with a clock moved by hand, and clients that are only numbers: the vocabulary of
// the core's tests.
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "broker/dispatcher.hpp"
#include "broker/memory_storage.hpp"

namespace baton::internal::broker::test {

using Bodies = std::vector<std::string>;

inline SessionId session_id(std::uint8_t n) {
  SessionId id;
  id.bytes.fill(n);
  return id;
}

/// The hello of a process of a named producer, always the same name.
inline Hello process_of_load(std::uint8_t process) {
  Hello hello;
  hello.role = Role::producer;
  hello.name = "load-1";
  hello.named = true;
  hello.queues = {"default"};
  hello.run = session_id(process);
  return hello;
}

class BrokerWorld;

/// A client of the core under test. What it does is in the core when the call returns.
struct Client {
  BrokerWorld& world;
  SessionId id;
  Role role;
  SeqNo next_put{1};
  SeqNo next_control{1};
  std::uint64_t requested = 0;
  std::uint64_t printed = 0;
  std::map<std::string, ItemId> got = {};  ///< by body; the last time

  void put(const std::string& body, std::uint8_t priority = default_priority,
           std::uint32_t delay_ms = 0);
  /// With a place in its input: that many items.
  void put(const std::string& body, const InputPlace& place);
  void request(std::uint64_t more = 1);  ///< so many gets wait, and what came before was begun
  /// Of what comes, all up to `begun` was begun by now, and `waiting` gets wait.
  void prefetch(std::uint64_t more, SeqNo begun = {}, std::uint32_t waiting = 0);
  void cancel_requests(std::uint32_t count = 1);
  void ack(const std::string& body);
  void release(const std::string& body);
  void fail(const std::string& body, const std::string& why = "no reason",
            std::uint32_t delay_ms = 0);
  void print(const std::string& lines);
  /// The next part of a block, in a message of its own; the last one, or one that goes on.
  void print_part(const std::string& text, bool goes_on);
  void close(SeqNo last_put = {});
  void join();
  void link_lost(std::uint32_t generation, SeqNo received, std::uint32_t wanted);
  void reclaim(const std::vector<Reclaim>& reclaims);
  void heartbeat(SeqNo heard = {});
  void vanish();  ///< its subscription leaves, as when it is killed
  void entry(const std::string& bytes);

  /// What its link brought since the last call: bodies, and "none" for the answers to cancelled
  /// asks.
  std::vector<std::string> received();
  /// The attempts that came with the bodies since the last call.
  std::vector<int> attempts();
  /// The counts of deliveries, likewise.
  std::vector<int> deliveries();
  /// Both: "body 1", and so on.
  std::vector<std::string> tries();
  /// The last confirm that it was told.
  Confirm confirm();
  std::vector<DeadNotice> died();
  /// What it reclaimed in vain, since the last call.
  std::vector<ItemId> lost();
  std::vector<std::string> refusals();
  /// Blocks of lines, each whole, and "dropped N".
  std::vector<std::string> lines();
};

class BrokerWorld final : private Shell {
 public:
  explicit BrokerWorld(CoreSettings settings = {})
      : dispatcher(std::move(settings), BrokerInstance{7}, storage, now) {}
  /// A broker over what another one has kept, which must outlive it.
  BrokerWorld(CoreSettings settings, Storage& kept, BrokerInstance broker_instance)
      : dispatcher(std::move(settings), broker_instance, kept, now) {}

  Client producer(std::uint8_t n, const std::string& name = "",
                  const std::string& queue = "default") {
    Hello hello;
    hello.role = Role::producer;
    hello.name = name.empty() ? "producer " + std::to_string(n) : name;
    hello.named = !name.empty();
    hello.queues = {queue};
    return client(n, hello);
  }
  Client consumer(std::uint8_t n, std::vector<std::string> queues = {"default"},
                  const std::string& name = "") {
    Hello hello;
    hello.role = Role::consumer;
    hello.name = name;
    hello.queues = std::move(queues);
    return client(n, hello);
  }
  /// One of several that a process has.
  Client consumer_in(std::uint64_t process, std::uint8_t n) {
    Hello hello;
    hello.role = Role::consumer;
    hello.queues = {"default"};
    hello.process = process;
    return client(n, hello);
  }
  Client printer(std::uint8_t n) {
    Hello hello;
    hello.role = Role::printer;
    return client(n, hello);
  }
  /// A consumer that reclaims what the session `before`, of a broker of that broker instance, was
  /// given.
  Client reclaimer(std::uint8_t n, BrokerInstance broker_instance, const SessionId& before,
                   const std::vector<Reclaim>& reclaims) {
    std::uint64_t items = 0;
    for (const auto& reclaim : reclaims) items += reclaim.count;
    auto made = announces_reclaims(n, broker_instance, before, items);
    made.reclaim(reclaims);
    return made;
  }
  /// One whose reclaims of so many items are yet to come.
  Client announces_reclaims(std::uint8_t n, BrokerInstance broker_instance, const SessionId& before,
                            std::uint64_t items) {
    Hello hello;
    hello.role = Role::consumer;
    hello.queues = {"default"};
    hello.previous = Previous{broker_instance, before};
    hello.reclaims = items;
    return client(n, hello);
  }
  Client client(std::uint8_t n, Hello hello) {
    hello.host = "host";
    hello.pid = n;
    const auto role = hello.role;
    core.subscribed(session_id(n), now);
    REQUIRE(core.hello(session_id(n), std::move(hello), now) == Refusal::none);
    settle();
    return {*this, session_id(n), role};
  }

  /// Time passes; deadlines are met one by one, and clients that are `alive` send heartbeats as
  /// they should.
  void advance(Duration by, std::vector<Client*> alive = {}) {
    for (const auto until = now + by; now < until;) {
      now = std::min(until, std::max(core.next_deadline(), now + 1ms));
      for (auto* client : alive) client->heartbeat();
      settle();
    }
  }

  /// Ends turns until nothing more is to be done now, and keeps what came out.
  void settle() {
    do {
      core.end_turn(now, true);
      core.check_invariants();
      dispatcher.carry_out(*this);
    } while (core.next_deadline() <= now && !effects.finished);
  }

  Session& session(const Client& client) {
    auto* found = core.find(client.id);
    REQUIRE(found);
    return *found;
  }

  Time now{1h};
  bool links_left = true;  ///< else none can be opened
  MemoryStorage storage;
  Dispatcher dispatcher;
  Core& core = dispatcher.core();
  Effects& effects = dispatcher.effects();
  std::map<SessionId, std::vector<Effects::LinkMessage>> link_messages;
  std::map<SessionId, std::vector<std::string>> notifications_of;
  std::vector<std::string> lines;  ///< of the log
  std::vector<std::string> out;    ///< of the plain endpoint

 private:
  void open_link(const SessionId& session, std::uint32_t generation) override {
    if (links_left)
      core.link_opened(session, generation, static_cast<std::uint16_t>(6000 + generation));
    else
      core.link_failed(session, generation, now);
  }
  void close_link(const SessionId& /*session*/, std::uint32_t /*generation*/) override {}
  void send(Effects::LinkMessage& message) override {
    link_messages[message.session].push_back(message);
  }
  void send(Effects::Notification& notification) override {
    notifications_of[notification.to].push_back(notification.bytes);
  }
  void put_out(std::vector<std::string>& bodies) override {
    std::move(bodies.begin(), bodies.end(), std::back_inserter(out));
  }
  void log(const std::string& line) override { lines.push_back(line); }
};

}  // namespace baton::internal::broker::test
