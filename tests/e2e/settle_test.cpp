// What a consumer may say of an item, and what becomes of it: ack, fail, release, attempts and the
// dead.
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/support/library.hpp"
#include "tests/support/show.hpp"

using namespace baton::internal;
using namespace baton::internal::e2e;

namespace {

Item get(Consumer& consumer) {
  auto item = consumer.get(soon_ms);
  REQUIRE(item);
  return *item;
}

}  // namespace

TEST_CASE("settle: released items go back to the dispatcher without a failure") {
  Broker broker;
  Producer producer(producer_of(broker));
  for (const char* body : {"a", "b", "c"}) producer.put(body);
  Consumer consumer(consumer_of(broker));
  const Item a = get(consumer), b = get(consumer);
  CHECK(consumer.release(a.id));
  CHECK(consumer.release(b.id));
  for (const char* body : {"a", "b", "c"}) {
    const Item item = get(consumer);
    CHECK(item.body == body);
    CHECK(item.attempt == 1);
    CHECK(consumer.ack(item.id));
    CHECK_FALSE(consumer.ack(item.id));
  }
  CHECK(producer.join().done == 3);
}

TEST_CASE("settle: a failed item comes again, counted, after its delay") {
  Broker broker;
  Producer producer(producer_of(broker));
  producer.put("x");
  Consumer consumer(consumer_of(broker));
  const Item first = get(consumer);
  CHECK(first.attempt == 1);
  const auto begin = Clock::now();
  consumer.fail(first.id, "not yet", 300ms);
  const Item second = get(consumer);
  CHECK(milliseconds(Clock::now() - begin) >= 300);
  CHECK(second.attempt == 2);
  CHECK(second.body == "x");
  consumer.ack(second.id);
  CHECK(producer.join().done == 1);
}

TEST_CASE("settle: an item that fails too often is dead and its producer is told who and why") {
  Broker broker({"--max-attempts", "3"});
  Producer producer(producer_of(broker));
  producer.put("poison");
  Consumer consumer(consumer_of(broker));
  for (std::uint16_t attempt = 1; attempt <= 3; ++attempt) {
    const Item item = get(consumer);
    CHECK(item.attempt == attempt);
    consumer.fail(item.id, "reason " + std::to_string(attempt));
  }
  const Settled settled = producer.join();
  CHECK(settled.dead == 1);
  CHECK(settled.done == 0);
  REQUIRE(settled.notices.size() == 1);
  CHECK(settled.notices[0].body == "poison");
  REQUIRE(settled.notices[0].history.size() == 3);
  CHECK(settled.notices[0].history[2].why == "reason 3");
}

TEST_CASE("settle: a poisoned item among others makes --wait exit 3 and name it") {
  Broker broker({"--max-attempts", "2"});
  Process producer = broker.producer({"--wait", "good", "poison", "better"});
  Consumer consumer(consumer_of(broker));
  for (int i = 0; i < 4; ++i) {
    const Item item = get(consumer);
    if (item.body == R"({"name":"poison"})") {
      consumer.fail(item.id, "it tastes odd");
    } else {
      consumer.ack(item.id);
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
    const Item item = get(consumer);
    CHECK(item.body == body);
    CHECK(item.attempt == 1);
    consumer.ack(item.id);
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
        got.push_back(item.body);
        if (item.attempt > 1) return Outcome::done();
        if (item.body == "early") return Outcome::failed("x", -5s);
        if (item.body == "late") return Outcome::failed("x", std::chrono::milliseconds::max());
        if (item.body == "thrown") throw std::runtime_error("x");
        if (item.body == "odd") throw 7;
        return Outcome::done();
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
          if (item.attempt > 1 || pthread_equal(self, pthread_self())) return Outcome::done();
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
      consumer.run([](const Item&) -> Outcome { pthread_exit(nullptr); }, {});
      returned = true;
    });
    caller.join();
  }
  CHECK_FALSE(returned);
  Consumer consumer(consumer_of(broker));
  const auto item = get(consumer);
  CHECK(item.attempt == 2);
  CHECK(consumer.ack(item));
}

TEST_CASE("run: one that ends leaves others that wait for an item what they asked for") {
  Broker broker;
  Producer producer(producer_of(broker));
  producer.put("first");
  producer.flush();
  Consumer consumer(consumer_of(broker));
  std::promise<void> begun, others_wait;
  std::thread one([&] {
    consumer.run(
        [&](const Item&) {
          begun.set_value();
          others_wait.get_future().wait();
          return Outcome::done();
        },
        {.jobs = 1, .count = 1, .before_request = {}});
    producer.put("second");
    producer.put("third");
  });
  begun.get_future().wait();
  std::string got;
  std::thread many([&] {
    consumer.run([&](const Item& item) { return got += item.body, Outcome::done(); },
                 {.jobs = 1, .count = 1, .before_request = [&] { others_wait.set_value(); }});
  });
  const auto item = consumer.get(soon_ms);
  one.join();
  REQUIRE(item);
  CHECK(consumer.ack(item->id));
  many.join();
  CHECK((got + item->body == "secondthird" || item->body + got == "secondthird"));
}

TEST_CASE("run: several at once on one consumer come to their end") {
  constexpr int threads = 3, rounds = 40, count = 2;
  Broker broker;
  Producer producer(producer_of(broker));
  for (int i = 0; i < threads * rounds * count; ++i) producer.put("item");
  for (const std::uint32_t prefetch : {0, 1, 8}) {
    auto options = consumer_of(broker);
    options.prefetch = prefetch;
    Consumer consumer(options);
    if (prefetch > 0)
      for (int i = 0; i < threads * rounds * count; ++i) producer.put("item");
    std::vector<std::thread> runs;
    for (int i = 0; i < threads; ++i)
      runs.emplace_back([&] {
        for (int round = 0; round < rounds; ++round)
          consumer.run([](const Item&) { return Outcome::done(); },
                       {.jobs = 1, .count = count, .before_request = {}});
      });
    for (auto& run : runs) run.join();
  }
  CHECK(producer.join().done == 3 * threads * rounds * count);
}

TEST_CASE("run: it may be called again, and get() after it, after stop() it returns at once") {
  Broker broker;
  Producer producer(producer_of(broker));
  for (const auto* body : {"a", "b", "c", "d"}) producer.put(body);
  auto options = consumer_of(broker);
  options.prefetch = 2;
  Consumer consumer(options);
  std::string got;
  const auto handler = [&got](const Item& item) {
    got += item.body;
    return Outcome::done();
  };
  consumer.run(handler, {.jobs = 1, .count = 2, .before_request = {}});
  CHECK(got == "ab");
  CHECK_FALSE(consumer.closed());
  // What came and was given back at the end of that run may cross with what is behind it.
  consumer.run(handler, {.jobs = 1, .count = 1, .before_request = {}});
  CHECK(got.size() == 3);
  const auto last = consumer.get(soon_ms);
  REQUIRE(last);
  CHECK((got + last->body == "abcd" || got + last->body == "abdc"));
  consumer.stop();
  consumer.run(handler);
  CHECK(got.size() == 3);
}
