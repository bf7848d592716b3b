// Clients with ZeroMQ's heartbeats that die. Their PING, when it lay behind a reached high-water
// mark, aborted prototypes of the broker on libzmq 4.3.4 (DESIGN 2, rule 1).

#include <csignal>
#include <optional>

#include "tests/support/bystanders.hpp"
#include "tests/support/show.hpp"
#include "tests/support/stranger.hpp"

using namespace baton;
using namespace baton::internal;
using namespace baton::internal::e2e;

namespace {

constexpr int deaths = 200;   // of each kind
constexpr int at_a_time = 8;  // peers
constexpr int queue_size = 100;
constexpr int items = 2000;  // that the full queue's producer wants to put

/// A client of all endpoints, with heartbeats, and with a link of its own on which items are under
/// way.
class HeartbeatPeer {
 public:
  HeartbeatPeer(const Broker& broker, const std::string& how)
      : session_(broker, Role::consumer),
        process_(start("test-peer",
                       {"heartbeats", broker.address(), std::to_string(session_.link_port()),
                        to_hex(session_.id()), how})) {
    std::string request;
    append_request(request, {queue_size});
    session_.control(session_.message(MessageType::control, 1, {1}, request));
  }

  void die(const std::string& how) {
    CHECK_MESSAGE(process_.out().next_with("ready"), process_.err().text());
    if (how == "kill")
      process_.signal(SIGKILL);
    else
      process_.close_input();
    CHECK(process_.wait() == 128 + SIGKILL);
  }

 private:
  Stranger session_;
  Process process_;
};

std::string body(int number) { return "{\"number\":" + std::to_string(number) + "}"; }

std::string numbered_lines(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) lines += body(i) + "\n";
  return lines;
}

/// A queue that is full, and its producer.
class FullQueue {
 public:
  explicit FullQueue(const Broker& broker)
      : file_(numbered_lines(items)),
        broker_(broker),
        producer_(broker.producer({"--file", file_.path(), "--wait"})) {
    CHECK(producer_.err().next_with("full"));
  }

  void drain(int count) {
    if (!consumer_) consumer_.emplace(consumer_of(broker_));
    for (; count > 0 && next_ < items; --count, ++next_) {
      auto item = consumer_->try_get(soon);
      REQUIRE(item);
      REQUIRE(item->body() == body(next_));
      CHECK(item->delivery_count() == 1);
      CHECK(item->ack());
    }
  }

  void drain_all() {
    drain(items);
    CHECK(producer_.wait() == 0);
  }

 private:
  TemporaryFile file_;
  const Broker& broker_;
  Process producer_;
  std::optional<Consumer> consumer_;
  int next_ = 0;
};

void die_in_turns(const std::string& how) {
  Broker broker({"--max-items", std::to_string(queue_size), "--max-attempts", "60000"});
  Bystanders bystanders(broker);
  FullQueue full(broker);
  Producer strangers(producer_of(broker, "strangers"));
  for (int i = 0; i < queue_size; ++i) strangers.put(std::string(1000, 'x'));
  for (int dead = 0; dead < deaths; dead += at_a_time) {
    std::vector<HeartbeatPeer> peers;
    peers.reserve(at_a_time);
    for (int i = 0; i < at_a_time; ++i) peers.emplace_back(broker, how);
    if (dead >= deaths / 2)
      full.drain(50);  // the first half dies while it is full, the other while it drains
    for (auto& peer : peers) peer.die(how);
    REQUIRE_FALSE(broker.process().wait(0ms));
  }
  full.drain_all();
  bystanders.check_undisturbed();
  broker.process().signal(SIGTERM);
  CHECK(broker.process().wait() == 0);
}

}  // namespace

TEST_CASE("hostile: clients with ZeroMQ's heartbeats and much under way are killed") {
  die_in_turns("kill");
}

TEST_CASE("hostile: connections with ZeroMQ's heartbeats and much under way are reset") {
  die_in_turns("reset");
}
