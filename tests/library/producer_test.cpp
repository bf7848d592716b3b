// What a program does with the library's producers.
#include <doctest/doctest.h>
#include <signal.h>

#include <atomic>
#include <thread>

#include "tests/library/of.hpp"

using namespace baton::internal::e2e;
using namespace baton;

TEST_CASE("library: items are numbered from 1 and join counts what became of them") {
  Broker broker;
  Producer producer(options_of(broker));
  CHECK(producer.put("one") == 1);
  CHECK(producer.try_put("two", soon) == 2);
  CHECK(producer.put("three", PutOptions().priority(9)) == 3);
  producer.flush();
  CHECK_FALSE(producer.try_join(1ms));

  Consumer consumer(options_of(broker));
  auto first = consumer.get();
  REQUIRE(first);
  CHECK(first->body() == "three");
  CHECK(first->queue() == "default");
  CHECK(first->priority() == 9);
  CHECK(first->delivery_count() == 1);
  CHECK(first->ack());
  for (int i = 0; i < 2; ++i) CHECK(consumer.get()->ack());
  const auto counts = producer.join();
  CHECK(counts.put == 3);
  CHECK(counts.done == 3);
  CHECK(counts.dead + counts.lost == 0);
}

TEST_CASE("library: a body may be empty and may hold any bytes") {
  Broker broker;
  Producer producer(options_of(broker));
  const std::string bytes("a\0b\xff", 4);
  producer.put("");
  producer.put(bytes);
  Consumer consumer(options_of(broker));
  auto items = consumer.get_batch(2);
  if (items.size() == 1) items.push_back(std::move(*consumer.get()));
  REQUIRE(items.size() == 2);
  CHECK(items[0].body().empty());
  CHECK(items[1].body() == bytes);
  for (auto& item : items) CHECK(item.ack());
}

TEST_CASE(
    "library: at a full queue a put with a time limit says so and a waiting one is interrupted") {
  Broker broker({"--max-items", "2"});
  std::atomic<int> waits = 0;
  Producer producer(
      options_of(broker).log([&](std::int32_t level, std::int32_t code, const std::string& text) {
        if (code != BATON_LOG_WAITING || text.find("is full") == std::string::npos) return;
        CHECK(level == BATON_LOG_WARNING);
        ++waits;
        producer.interrupt();  // no lock is held
      }));
  producer.put("first");
  producer.put("second");
  producer.flush();
  while (producer.try_put("more", 500ms)) {
  }
  const auto put = producer.counts().put;
  CHECK_FALSE(producer.try_put("at once"));
  CHECK(status_of([&] { producer.put("waits"); }) == Status::interrupted);
  CHECK(waits >= 1);
  CHECK(producer.counts().put == put);
}

TEST_CASE("library: calls that wait end when another thread closes the producer") {
  Broker broker;
  Producer producer(options_of(broker));
  producer.put("stays");
  producer.flush();
  Status joined{};
  std::thread waits([&] { joined = status_of([&] { producer.join(); }); });
  producer.close();
  waits.join();
  CHECK(joined == Status::closed);
  CHECK(status_of([&] { producer.put("late"); }) == Status::closed);
  CHECK(status_of([&] { producer.flush(); }) == Status::closed);
  CHECK(status_of([&] { producer.print("late"); }) == Status::closed);
  CHECK(status_of([&] { producer.close(); }) == Status::ok);
}

TEST_CASE("library: a close that takes too long says so and is not begun again") {
  Broker broker;
  Producer producer(options_of(broker));
  producer.put("arrives");
  producer.flush();
  broker.process().signal(SIGSTOP);
  producer.put("is not confirmed");
  const auto begin = Clock::now();
  CHECK(status_of([&] { producer.close(200ms); }) == Status::unconfirmed);
  CHECK(status_of([&] { producer.close(); }) == Status::ok);
  CHECK(Clock::now() - begin < soon);
  broker.process().signal(SIGCONT);
}

TEST_CASE(
    "library: a broker that is not there is unreachable and a queue name that is none is refused "
    "at once") {
  CHECK(status_of([] { Producer(Options().queue("no/such name")); }) == Status::invalid_argument);
  CHECK(status_of([] { Options().broker("host:port"); }) == Status::invalid_argument);
  CHECK(status_of([] { Producer(Options().add_queue("second")); }) == Status::invalid_argument);
  Producer producer(Options().broker("127.0.0.1:9").connect_timeout(300ms));
  CHECK(status_of([&] { producer.put("is put by nobody"); }) == Status::unreachable);
  CHECK(status_of([&] { producer.flush(); }) == Status::unreachable);
  CHECK(std::string(baton_last_error()).find("127.0.0.1:9") != std::string::npos);
}
