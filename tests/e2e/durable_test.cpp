// A durable broker: what was confirmed outlives its process, however that ends.
#include <filesystem>

#include "tests/support/durable_broker.hpp"
#include "tests/support/library.hpp"
#include "tests/support/show.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

Args lines_of(Consumer& consumer, std::size_t count) {
  Args bodies;
  while (bodies.size() < count) {
    auto item = consumer.try_get(soon);
    if (!item) break;
    CHECK(item->delivery_count() == 1);
    bodies.emplace_back(item->body());
    item->ack();
  }
  return bodies;
}

}  // namespace

TEST_CASE("durable: what was confirmed is there after kill -9 of the broker and in order") {
  DurableBroker broker;
  Args put;
  {
    Producer producer(producer_of(*broker));
    for (int i = 0; i < 1000; ++i) producer.put(put.emplace_back(std::to_string(i)));
    producer.flush();
    broker.kill();
  }
  broker.start();
  Consumer consumer(consumer_of(*broker));
  CHECK(lines_of(consumer, put.size()) == put);
  CHECK_FALSE(consumer.try_get(200ms));
}

TEST_CASE(
    "durable: a consumer at work reclaims its item from the next broker and nobody else gets it") {
  DurableBroker broker;
  Producer producer(producer_of(*broker));
  for (const char* body : {"at work", "waiting"}) producer.put(body);
  producer.flush();
  Consumer worker(consumer_of(*broker));
  auto item = worker.try_get(soon);
  REQUIRE(item);
  broker.kill();
  broker.start();
  Consumer other(consumer_of(*broker));
  CHECK(lines_of(other, 1) == Args{"waiting"});
  CHECK_FALSE(other.try_get(1s));
  CHECK(item->ack());
  CHECK(producer.join().done == 2);
}

TEST_CASE("durable: what was acked before the broker was killed does not come again") {
  DurableBroker broker;
  Producer producer(producer_of(*broker));
  for (int i = 0; i < 100; ++i) producer.put(std::to_string(i));
  Consumer consumer(consumer_of(*broker));
  CHECK(lines_of(consumer, 50).size() == 50);
  broker.kill();
  broker.start();
  CHECK(lines_of(consumer, 50).back() == "99");
  const auto settled = producer.join();
  CHECK(settled.done == 100);
  CHECK(settled.lost == 0);
}

TEST_CASE("durable: dead letters and failures outlive the broker") {
  DurableBroker broker({"--max-attempts", "3"});
  Producer producer(producer_of(*broker));
  producer.put("poison");
  Consumer consumer(consumer_of(*broker));
  for (int attempt = 1; attempt <= 3; ++attempt) {
    auto item = consumer.try_get(soon);
    REQUIRE(item);
    CHECK(item->delivery_count() == attempt);
    CHECK(item->fail("no"));
    producer.flush();
    if (attempt < 3) {
      broker.kill();
      broker.start();
    }
  }
  CHECK(producer.join().dead == 1);
}

TEST_CASE("durable: the file stays small while many items pass through") {
  constexpr std::uint64_t waiting = 9'999;
  const auto rounds = number_of("BATON_PASSING", 300'000) / waiting;
  DurableBroker broker;
  Producer producer(producer_of(*broker));
  auto options = consumer_of(*broker);
  options.prefetch(1000);
  Consumer consumer(options);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    for (std::uint64_t i = 0; i < waiting; ++i) producer.put(std::string(100, 'x'));
    producer.flush();
    for (std::uint64_t i = 0; i < waiting; ++i) {
      auto item = consumer.try_get(soon);
      REQUIRE(item);
      item->ack();
    }
  }
  CHECK(producer.join().done == rounds * waiting);
  const auto size = std::filesystem::file_size(broker.directory().path() + "/baton.mdb");
  MESSAGE(rounds * waiting, " items, the file has ", size, " bytes");
  CHECK(size < 64'000'000);
}

TEST_CASE("durable: a second broker on the same directory is refused") {
  DurableBroker broker;
  Process second = start("baton-broker", {"--port", "0", "--data", broker.directory().path()});
  CHECK(second.wait() != 0);
  CHECK(second.err().text().find("another broker uses it") != std::string::npos);
}

TEST_CASE("durable: SIGTERM keeps everything, too") {
  DurableBroker broker;
  Producer producer(producer_of(*broker));
  producer.put("x");
  producer.flush();
  broker->process().signal(SIGTERM);
  CHECK(broker->process().wait() == 0);
  broker.start();
  Consumer consumer(consumer_of(*broker));
  CHECK(lines_of(consumer, 1) == Args{"x"});
  CHECK(producer.join().done == 1);
}
