// What a consumer may say of an item, and what becomes of it: ack, fail, release, attempts and the
// dead.
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <future>
#include <latch>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/support/library.hpp"
#include "tests/support/show.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

Item get(Consumer& consumer) {
  auto item = consumer.try_get(soon);
  REQUIRE(item);
  return *std::move(item);
}

}  // namespace

TEST_CASE("settle: released items go back to the dispatcher without a failure") {
  Broker broker;
  Producer producer(producer_of(broker));
  for (const char* body : {"a", "b", "c"}) producer.put(body);
  Consumer consumer(consumer_of(broker));
  Item a = get(consumer), b = get(consumer);
  CHECK(a.release());
  CHECK(b.release());
  for (const char* body : {"a", "b", "c"}) {
    Item item = get(consumer);
    CHECK(item.body() == body);
    CHECK(item.delivery_count() == 1);
    CHECK(item.ack());
  }
  CHECK(producer.join().done == 3);
}

TEST_CASE("settle: a failed item comes again, counted, after its delay") {
  Broker broker;
  Producer producer(producer_of(broker));
  producer.put("x");
  Consumer consumer(consumer_of(broker));
  Item first = get(consumer);
  CHECK(first.delivery_count() == 1);
  const auto begin = Clock::now();
  CHECK(first.fail("not yet", 300ms));
  Item second = get(consumer);
  CHECK(milliseconds(Clock::now() - begin) >= 300);
  CHECK(second.delivery_count() == 2);
  CHECK(second.body() == "x");
  CHECK(second.ack());
  CHECK(producer.join().done == 1);
}

TEST_CASE("settle: an item that fails too often is dead and its producer is told who and why") {
  Broker broker({"--max-attempts", "3"});
  Producer producer(producer_of(broker));
  producer.put("poison");
  Consumer consumer(consumer_of(broker));
  for (std::uint32_t attempt = 1; attempt <= 3; ++attempt) {
    Item item = get(consumer);
    CHECK(item.delivery_count() == attempt);
    item.fail("reason " + std::to_string(attempt));
  }
  const auto settled = producer.join();
  CHECK(settled.dead == 1);
  CHECK(settled.done == 0);
  const auto dead = producer.dead_items();
  REQUIRE(dead.size() == 1);
  CHECK(dead[0].body == "poison");
  REQUIRE(dead[0].history.size() == 3);
  CHECK(dead[0].history[2].reason == "reason 3");
}

TEST_CASE("settle: a poisoned item among others makes --wait exit 3 and name it") {
  Broker broker({"--max-attempts", "2"});
  Process producer = broker.producer({"--wait", "good", "poison", "better"});
  Consumer consumer(consumer_of(broker));
  for (int i = 0; i < 4; ++i) {
    Item item = get(consumer);
    if (item.body() == R"({"name":"poison"})") {
      item.fail("it tastes odd");
    } else {
      item.ack();
    }
  }
  CHECK(producer.wait() == 3);
  const std::string said = producer.err().text();
  CAPTURE(said);
  CHECK(said.find("poison") != said.npos);
  CHECK(said.find("it tastes odd") != said.npos);
  CHECK(said.find("good") == said.npos);
}

TEST_CASE("settle: a dead item is told with the name of the consumer that has one") {
  Broker broker({"--max-attempts", "1"});
  Process consumer = broker.consumer({"--name", "taster", "--fail", "--count", "1"});
  Process producer = broker.producer({"--wait", "poison"});
  CHECK(producer.wait() == 3);
  CHECK(producer.err().next_with("at taster"));
  CHECK(consumer.wait() == 0);
}

TEST_CASE("settle: of many dead items some are named, and the broker's log does not name each") {
  Broker broker({"--max-attempts", "1"});
  Process consumer = broker.consumer({"--fail"});
  std::string lines;
  for (int i = 1; i <= 100; ++i) lines += "poison\n";
  const TemporaryFile items(lines);
  Process producer = broker.producer({"--wait", "--file", items.path()});
  CHECK(producer.wait() == 3);
  const auto said = producer.err().lines();
  REQUIRE(said.size() == 21);
  CHECK(said[19].text.starts_with("dead: "));
  CHECK(said[20].text == "... and 80 more");
  broker.process().signal(SIGTERM);
  broker.process().wait();
  CHECK(broker.process().err().lines().size() < 12);
}

TEST_CASE("settle: SIGTERM to a consumer program counts no failure of what it gives back") {
  Broker broker;
  Process printer = broker.printer();
  Process program = broker.consumer({"--work", "0.5:0.5", "--prefetch", "20"});
  Producer producer(producer_of(broker));
  for (const char* body : {"a", "b", "c"}) producer.put(body);
  REQUIRE(names(next_got(printer, 1)) == Args{"a"});
  program.signal(SIGTERM);
  CHECK(program.wait() == 0);
  Consumer consumer(consumer_of(broker));
  for (const char* body : {"b", "c"}) {
    Item item = get(consumer);
    CHECK(item.body() == body);
    CHECK(item.delivery_count() == 1);
    item.ack();
  }
  CHECK(producer.join().done == 3);
}

TEST_CASE("settle: what a handler returns or throws does not end run") {
  Broker broker({"--max-attempts", "2"});
  Producer producer(producer_of(broker));
  for (const char* body : {"early", "late", "thrown", "odd", "good"}) producer.put(body);
  Consumer consumer(consumer_of(broker));
  RunOptions once;
  once.count = 6;
  std::vector<std::string> got;
  consumer.run(
      [&](const Item& item) -> Outcome {
        got.emplace_back(item.body());
        if (item.delivery_count() > 1) return Outcome::ack();
        if (item.body() == "early") return Outcome::fail("x", -5s);
        if (item.body() == "late") return Outcome::fail("x", std::chrono::milliseconds::max());
        if (item.body() == "thrown") throw std::runtime_error("x");
        if (item.body() == "odd") throw 7;
        return Outcome::ack();
      },
      once);
  CHECK(got == Args{"early", "early", "late", "thrown", "thrown", "odd"});
}

TEST_CASE("settle: a handler that ends its thread has failed and run goes on with another") {
  Broker broker;
  Producer producer(producer_of(broker));
  for (int i = 0; i < 50; ++i) producer.put("poison");
  std::atomic<bool> returned = false;
  std::atomic<int> ended = 0;
  Consumer consumer(consumer_of(broker));
  std::thread caller([&] {
    const auto self = pthread_self();
    RunOptions options;
    options.jobs = 4;
    consumer.run(
        [&](const Item& item) {
          while (pthread_equal(self, pthread_self()) && ended <= 4)
            std::this_thread::yield();  // the others are to have some
          if (item.delivery_count() > 1 || pthread_equal(self, pthread_self())) return;
          ++ended;
          pthread_exit(nullptr);
        },
        options);
    returned = true;
  });
  CHECK(producer.join().done == 50);
  CHECK(ended > 4);  // more than there were threads at first
  consumer.stop();
  caller.join();
  CHECK(returned);
}

TEST_CASE("settle: with the thread that called it run ends and the item has failed") {
  Broker broker;
  Producer producer(producer_of(broker));
  producer.put("poison");
  bool returned = false;
  {
    Consumer consumer(consumer_of(broker));
    std::thread caller([&] {
      consumer.run([](const Item&) { pthread_exit(nullptr); });
      returned = true;
    });
    caller.join();
  }
  CHECK_FALSE(returned);
  Consumer consumer(consumer_of(broker));
  auto item = get(consumer);
  CHECK(item.delivery_count() == 2);
  CHECK(item.ack());
}

TEST_CASE("run: one that ends leaves others that wait for an item what they asked for") {
  Broker broker;
  Producer producer(producer_of(broker));
  producer.put("first");
  producer.flush();
  Consumer consumer(consumer_of(broker));
  std::promise<void> begun;
  std::latch others_wait(2);
  std::thread one([&] {
    consumer.run(
        [&](const Item&) {
          begun.set_value();
          others_wait.wait();
        },
        {.count = 1});
    producer.put("second");
    producer.put("third");
  });
  begun.get_future().wait();
  const auto other = [&] {
    others_wait.count_down();
    auto item = consumer.try_get(soon);
    if (!item) return std::string("nothing");
    const std::string body(item->body());
    CHECK(item->ack());
    return body;
  };
  auto a = std::async(std::launch::async, other), b = std::async(std::launch::async, other);
  one.join();
  CHECK(std::multiset<std::string>{a.get(), b.get()} ==
        std::multiset<std::string>{"second", "third"});
}

TEST_CASE("run: again and again among gets on one consumer all come to their end") {
  constexpr int getters = 2, rounds = 40, count = 2;
  constexpr int all = (1 + getters) * rounds * count;
  Broker broker;
  Producer producer(producer_of(broker));
  for (const std::uint32_t prefetch : {0, 1, 8}) {
    for (int i = 0; i < all; ++i) producer.put("item");
    Consumer consumer(std::move(consumer_of(broker).prefetch(prefetch)));
    std::vector<std::thread> threads;
    threads.emplace_back([&] {
      for (int round = 0; round < rounds; ++round)
        consumer.run([](const Item&) {}, {.count = count});
    });
    for (int i = 0; i < getters; ++i)
      threads.emplace_back([&] {
        for (int k = 0; k < rounds * count; ++k) {
          auto item = consumer.try_get(soon);
          CHECK((item && item->ack()));
        }
      });
    for (auto& thread : threads) thread.join();
  }
  CHECK(producer.join().done == 3 * all);
}

TEST_CASE("run: it may be called again, and get() after it, after stop() it returns at once") {
  Broker broker;
  Producer producer(producer_of(broker));
  for (const auto* body : {"a", "b", "c", "d"}) producer.put(body);
  Consumer consumer(std::move(consumer_of(broker).prefetch(2)));
  std::string got;
  const auto handler = [&got](const Item& item) { got += item.body(); };
  consumer.run(handler, {.count = 2});
  CHECK(got == "ab");
  CHECK_FALSE(consumer.wait_stop(0s));
  // What came and was given back at the end of that run may cross with what is behind it.
  consumer.run(handler, {.count = 1});
  CHECK(got.size() == 3);
  const auto last = consumer.try_get(soon);
  REQUIRE(last);
  got += last->body();
  CHECK((got == "abcd" || got == "abdc"));
  consumer.stop();
  consumer.run(handler);
  CHECK(got.size() == 4);
}
