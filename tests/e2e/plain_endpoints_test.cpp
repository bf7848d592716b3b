// The plain endpoints: what any ZeroMQ client can do without knowing the protocol. Here it is
// Python's.
#include "tests/support/library.hpp"
#include "tests/support/loopback.hpp"
#include "tests/support/show.hpp"
#include "tests/support/tcp.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

std::string endpoint(const Broker& broker, int distance) {
  return std::to_string(std::stoi(broker.port()) + distance);
}

Process plain_client(const std::string& what, const std::string& port, int count) {
  return Process({"/usr/bin/python3", BATON_SOURCE_DIR "/tests/e2e/plain_client.py", what,
                  "tcp://" + loopback() + ":" + port, std::to_string(count)});
}

}  // namespace

TEST_CASE("plain endpoints: a frame that is pushed in is an item") {
  Broker broker({"--plain", "mail"});
  Consumer consumer(consumer_of(broker, {"mail"}));
  Process python = plain_client("push", endpoint(broker, 3), 3);
  for (const char* body :
       {R"({"name": "item 1"})", R"({"name": "item 2"})", R"({"name": "item 3"})"}) {
    auto item = consumer.try_get(soon);
    REQUIRE_MESSAGE(item, python.err().text());
    CHECK(item->body() == body);
    CHECK(item->delivery_count() == 1);
    CHECK(item->ack());
  }
  CHECK(python.wait() == 0);
}

TEST_CASE("plain endpoints: a pull gets what no consumer asks for, each item once") {
  Broker broker({"--plain", "default"});
  Producer producer(producer_of(broker));
  for (int i = 0; i < 100; ++i) producer.put(std::to_string(i));
  Process python = plain_client("pull", endpoint(broker, 4), 100);
  for (int i = 0; i < 100; ++i) {
    const auto line = python.out().next();
    REQUIRE_MESSAGE(line, python.err().text());
    CHECK(line->text == std::to_string(i));
  }
  CHECK(producer.join().done == 100);
}

TEST_CASE("plain endpoints: a sender blocks while the queue is full and then goes on") {
  Broker broker({"--plain", "default", "--max-items", "100"});
  Process python = plain_client("push", endpoint(broker, 3), 20'000);
  REQUIRE_MESSAGE(python.out().next_with("sent 1000"), python.err().text());
  while (python.out().next(1s)) {  // what the sockets and the kernel hold
  }
  REQUIRE_FALSE(python.out().next_with("sent 20000", 1ms));

  auto options = consumer_of(broker);
  options.prefetch(100);
  Consumer consumer(options);
  int got = 0;
  while (auto item = consumer.try_get(1s)) {
    item->ack();
    ++got;
  }
  REQUIRE(python.out().next_with("sent 20000"));
  MESSAGE(got, " of 20000 arrived: a connection that is ended loses what is under way on it");
  CHECK(got > 1000);
}

TEST_CASE("plain endpoints: without --plain the ports are closed") {
  Broker broker;
  CHECK(can_connect(broker.port()));
  CHECK_FALSE(can_connect(endpoint(broker, 3)));
  CHECK_FALSE(can_connect(endpoint(broker, 4)));
}
