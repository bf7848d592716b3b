// What a program does with the library's consumers.
#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/library/of.hpp"

using namespace baton::internal::e2e;
using namespace baton;

namespace {

void put(const Broker& broker, const std::vector<std::string>& bodies,
         const std::string& queue = "default") {
  Producer producer(options_of(broker, queue));
  for (const auto& body : bodies) producer.put(body);
  producer.close();
}

/// Takes the item that comes next, which must have failed, and acks it: why it failed is what its
/// delivery count says.
void take_again(Consumer& consumer, const std::string& body, unsigned deliveries) {
  auto item = consumer.try_get(soon);
  REQUIRE(item);
  CHECK(item->body() == body);
  CHECK(item->delivery_count() == deliveries);
  CHECK(item->ack());
}

}  // namespace

TEST_CASE("library: a handler acks fails with a reason gives back and keeps") {
  Broker broker({"--max-attempts", "2"});
  put(broker, {"ack", "throw", "settle", "keep"});
  Consumer consumer(options_of(broker));
  std::optional<Item> kept;
  consumer.run(
      [&](Item& item) {
        const std::string body(item.body());
        if (body == "throw") throw std::runtime_error("on purpose");
        if (body == "settle") CHECK(item.ack());
        if (body == "keep") kept = std::move(item);
      },
      {1, 5});
  REQUIRE(kept);
  CHECK(kept->body() == "keep");
  CHECK(kept->ack());
  consumer.flush();
  CHECK_FALSE(consumer.try_get(now));
}

TEST_CASE("library: an item that is destroyed unsettled has failed") {
  Broker broker;
  put(broker, {"item"});
  Consumer consumer(options_of(broker));
  CHECK(consumer.get()->body() == "item");
  take_again(consumer, "item", 2);
}

TEST_CASE("library: run goes on after a stop is busy while it runs and ends when interrupted") {
  Broker broker;
  put(broker, {"a", "b", "c"});
  Consumer consumer(options_of(broker));
  int got = 0;
  Status busy{};
  const auto handler = [&](Item& item) {
    ++got;
    busy = status_of([&] { consumer.run([](Item&) {}); });
    CHECK_FALSE(item.stop_requested());
    consumer.stop();
    CHECK(item.stop_reason() == Status::stopped);
    CHECK(item.wait_stop(soon));
  };
  consumer.run(handler);
  CHECK(got == 1);
  CHECK(busy == Status::busy);
  consumer.run(handler);
  CHECK(got == 2);
  consumer.stop();
  consumer.run(handler);  // the stop came before it
  CHECK(got == 2);
  consumer.interrupt();
  CHECK(status_of([&] { consumer.run(handler); }) == Status::interrupted);
  CHECK(got == 2);
  consumer.run(handler);
  CHECK(got == 3);
  CHECK_FALSE(consumer.try_get(10ms));
}

TEST_CASE("library: an interrupted get loses nothing") {
  Broker broker;
  Consumer consumer(options_of(broker));
  consumer.interrupt();
  CHECK(status_of([&] { consumer.get(); }) == Status::interrupted);
  Status waited{};
  std::atomic<bool> over = false;
  std::thread waits([&] {
    waited = status_of([&] { consumer.get(); });
    over = true;
  });
  while (!over) consumer.interrupt();  // nothing shows that a thread waits
  waits.join();
  CHECK(waited == Status::interrupted);
  put(broker, {"item"});
  auto item = std::optional<Item>();
  while (!item) try {
      item = consumer.try_get(soon);
    } catch (const Error& error) {
      REQUIRE(error.status() == Status::interrupted);
    }
  CHECK(item->body() == "item");
  CHECK(item->delivery_count() == 1);
  CHECK(item->ack());
}

TEST_CASE("library: with poll and dispatch without a call that waits") {
  Broker broker;
  Consumer consumer(options_of(broker));
  pollfd readable{consumer.fd(), POLLIN, 0};
  std::vector<std::string> bodies;
  consumer.request(3);
  put(broker, {"a", "b", "c", "d"});
  while (bodies.size() < 3) {
    REQUIRE(poll(&readable, 1, 20'000) == 1);
    consumer.dispatch();
    while (auto item = consumer.try_get(now)) {
      bodies.emplace_back(item->body());
      CHECK(item->ack());
    }
  }
  CHECK(bodies == std::vector<std::string>{"a", "b", "c"});
  while (!consumer.try_flush(now)) {
    REQUIRE(poll(&readable, 1, 20'000) == 1);
    consumer.dispatch();
  }
  Consumer other(options_of(broker));
  take_again(other, "d", 1);  // nobody had asked for it
}

TEST_CASE("library: a batch is what is there and no more than was asked for is held") {
  Broker broker;
  put(broker, {"a", "b", "c"});
  Consumer consumer(options_of(broker));
  {
    auto two = consumer.get_batch(2);
    REQUIRE(two.size() == 2);
    CHECK(two[0].body() == "a");
    CHECK(two[1].body() == "b");
    auto rest = consumer.get_batch(100);
    REQUIRE(rest.size() == 1);
    CHECK(rest[0].body() == "c");
    CHECK(consumer.get_batch(100, 10ms).empty());
    for (auto* items : {&two, &rest})
      for (auto& item : *items) CHECK(item.ack());
  }
  put(broker, {"d"});
  Consumer other(options_of(broker));
  take_again(other, "d", 1);
}

TEST_CASE("library: leases that end and acks that come too late are told and work can stop") {
  auto broker = std::make_unique<Broker>();
  const auto address = broker->address();
  put(*broker, {"held", "acked"});
  Consumer consumer(options_of(*broker));
  auto held = consumer.get(), acked = consumer.get();
  REQUIRE(held);
  REQUIRE(acked);
  CHECK_FALSE(consumer.next_event());
  const auto held_id = held->id(), acked_id = acked->id();
  broker->process().signal(SIGKILL);
  static_cast<void>(broker->process().wait());
  CHECK(acked->ack());  // it is said, but nobody hears it
  const auto colon = address.find(':');
  const Broker another({"--bind", address.substr(0, colon), "--port", address.substr(colon + 1)});
  CHECK(held->wait_stop(soon));
  CHECK(held->stop_reason() == Status::not_held);
  std::vector<std::pair<Event::Kind, std::uint64_t>> events;
  while (events.size() < 2) {
    const auto event = consumer.next_event(soon);
    REQUIRE(event);
    CHECK(event->count == 1);
    events.emplace_back(event->kind, event->item_id);
  }
  std::sort(events.begin(), events.end());
  CHECK(events[0] == std::pair(Event::Kind::lease_ended, held_id));
  CHECK(events[1] == std::pair(Event::Kind::not_granted, acked_id));
  CHECK_FALSE(held->ack());
}

TEST_CASE("library: a close fails what is held or gives it back") {
  Broker broker;
  put(broker, {"item"});
  for (const auto& [held, deliveries] : {std::pair(Held::fail, 1u), std::pair(Held::release, 2u)}) {
    Consumer consumer(options_of(broker));
    auto item = consumer.get();
    REQUIRE(item);
    CHECK(item->delivery_count() == deliveries);
    consumer.close(held, "because");
    CHECK(item->stop_reason() == Status::closed);
    CHECK(status_of([&] { item->ack(); }) == Status::closed);
    CHECK_FALSE(consumer.get());
    consumer.close();
  }
  Consumer last(options_of(broker));
  take_again(last, "item", 2);  // given back: as if it had not been delivered
}

TEST_CASE("library: calls that wait end when another thread closes the consumer") {
  Broker broker;
  Consumer consumer(options_of(broker));
  bool got = true, ran = false;
  Status told{};
  std::thread gets([&] { got = consumer.get().has_value(); });
  std::thread runs([&] {
    consumer.run([](Item&) {});
    ran = true;
  });
  std::thread waits(
      [&] { told = status_of([&] { static_cast<void>(consumer.next_event(forever)); }); });
  CHECK_FALSE(consumer.try_get(100ms));
  consumer.close();
  gets.join();
  runs.join();
  waits.join();
  CHECK_FALSE(got);
  CHECK(ran);
  CHECK(told == Status::closed);
}

TEST_CASE("library: items outlive the consumer that was freed") {
  Broker broker;
  put(broker, {"item"});
  std::optional<Item> item;
  {
    Consumer consumer(options_of(broker));
    item = consumer.get();
  }
  REQUIRE(item);
  CHECK(item->body() == "item");
  CHECK(item->stop_reason() == Status::closed);
  CHECK(item->wait_stop(now));
  CHECK(status_of([&] { item->ack(); }) == Status::closed);
  Consumer other(options_of(broker));
  take_again(other, "item", 2);
}

TEST_CASE("library: what was requested and not waited for is nobody's") {
  Broker broker;
  Consumer idle(options_of(broker));
  for (int round = 0; round < 20; ++round) {
    CHECK(idle.get_batch(7, 5ms).empty());
    idle.interrupt();
    CHECK(status_of([&] { idle.get(); }) == Status::interrupted);
    put(broker, {"a", "b", "c"});
    Consumer other(options_of(broker));
    for (const auto* body : {"a", "b", "c"}) take_again(other, body, 1);
    other.close();
  }
}

TEST_CASE("library: a get with a time limit does not wait for a broker that stands still") {
  Broker broker;
  Consumer consumer(options_of(broker));
  CHECK_FALSE(consumer.try_get(now));
  broker.process().signal(SIGSTOP);
  const auto begin = Clock::now();
  CHECK_FALSE(consumer.try_get(50ms));
  CHECK_FALSE(consumer.try_get(now));
  if (times_count) CHECK(milliseconds(Clock::now() - begin) < 1000);
  broker.process().signal(SIGCONT);
  put(broker, {"item"});
  take_again(consumer, "item", 1);
}

TEST_CASE("library: an item is not told to stop by a run that is over") {
  Broker broker;
  put(broker, {"a", "b"});
  Consumer consumer(options_of(broker));
  std::optional<Item> kept;
  const auto keep = [&](Item& item) { kept = std::move(item); };
  consumer.run(keep, {1, 1});
  REQUIRE(kept);
  CHECK_FALSE(kept->stop_requested());
  consumer.stop();
  CHECK(kept->stop_requested());
  consumer.run(keep, {1, 1});
  CHECK_FALSE(kept->stop_requested());
  CHECK(kept->ack());
}

TEST_CASE("library: events before there is a descriptor for them are nobody's") {
  Broker broker;
  Consumer consumer(options_of(broker));
  Producer producer(options_of(broker));
  consumer.dispatch();
  producer.dispatch();
  CHECK(producer.fd() > STDERR_FILENO);
}
