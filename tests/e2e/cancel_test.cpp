// Several queues in one consumer, get() with a time-out, and the item that crosses a request on its
// way back.

#include <atomic>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "tests/support/library.hpp"
#include "tests/support/show.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

// The bodies that several threads got.
class Catch {
 public:
  void add(std::string_view body) {
    std::lock_guard lock(mutex_);
    bodies_.emplace(body);
  }
  std::multiset<std::string> all() const {
    std::lock_guard lock(mutex_);
    return bodies_;
  }

 private:
  mutable std::mutex mutex_;
  std::multiset<std::string> bodies_;
};

// Gets with time-outs that are about as long as an item takes, so that many end while one is on its
// way.
void get_impatiently(Consumer& consumer, unsigned seed, const std::atomic<bool>& over,
                     Catch& caught, std::size_t& in_vain) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> timeout(0, 1);
  while (!over) {
    if (auto item = consumer.try_get(std::chrono::milliseconds(timeout(random)))) {
      caught.add(item->body());
      item->ack();
    } else {
      ++in_vain;
    }
  }
}

// Threads of one consumer, each with gets that last a moment at most, while items trickle in.
class Impatient {
 public:
  Impatient(Consumer& consumer, unsigned threads) : consumer_(consumer) {
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { serve(); });
  }
  ~Impatient() {
    over_ = true;
    for (auto& thread : threads_) thread.join();
  }

 private:
  void serve() {
    try {
      while (!over_)
        if (auto item = consumer_.try_get(1ms)) item->ack();
    } catch (const Error& error) {  // all_return() has closed the consumer
      CHECK(error.status() == Status::closed);
    }
  }

  Consumer& consumer_;
  std::atomic<bool> over_ = false;
  std::vector<std::thread> threads_;
};

void put_some(Producer& producer, std::mt19937& random) {
  for (auto count = 1 + random() % 3; count > 0; --count) producer.put("x");
}

// Whether all of them returned in time. When not, the consumer is closed, which frees them.
bool all_return(Consumer& consumer, std::unique_ptr<Impatient>& impatient) {
  const auto over = std::async(std::launch::async, [&impatient] { impatient.reset(); });
  if (over.wait_for(soon) == std::future_status::ready) return true;
  consumer.close();
  return false;
}

std::multiset<std::string> numbers(int count) {
  std::multiset<std::string> all;
  for (int i = 0; i < count; ++i) all.insert(std::to_string(i));
  return all;
}

}  // namespace

TEST_CASE("cancel: an item that crosses a cancelled request is neither lost nor doubled") {
  constexpr int items = 3000;
  constexpr unsigned seed = 8;
  MESSAGE("seed ", seed);
  Broker broker;
  Catch caught;
  std::size_t in_vain[2] = {0, 0};
  {
    std::atomic<bool> over = false;
    Consumer first(consumer_of(broker)), second(consumer_of(broker));
    std::thread one([&] { get_impatiently(first, seed, over, caught, in_vain[0]); });
    std::thread two([&] { get_impatiently(second, seed + 1, over, caught, in_vain[1]); });
    Producer producer(producer_of(broker));
    std::mt19937 random(seed);
    for (int i = 0; i < items; ++i) {
      producer.put(std::to_string(i));
      if (random() % 4 == 0)
        producer.join();  // let the queue run dry: requests are cancelled only then
    }
    CHECK(producer.join().done == items);
    over = true;
    one.join(), two.join();
  }
  CHECK(caught.all() == numbers(items));
  MESSAGE("gets in vain: ", in_vain[0] + in_vain[1]);
  CHECK(in_vain[0] + in_vain[1] > 0);
}

// BATON_CROSSINGS says how many rounds; `./run crossings` does 10,000.
TEST_CASE("cancel: each get with a time-out returns, however many cross what is given") {
  const auto rounds = number_of("BATON_CROSSINGS", 150);
  Broker broker;
  Producer producer(producer_of(broker));
  std::mt19937 random(1);
  for (const unsigned prefetch : {4u, 0u}) {
    auto options = consumer_of(broker);
    options.prefetch(prefetch);
    Consumer consumer(options);
    REQUIRE_FALSE(consumer.try_get(10ms));
    for (std::uint64_t round = 0; round < rounds; ++round) {
      auto impatient = std::make_unique<Impatient>(consumer, prefetch > 0 ? 4 : 8);
      for (int i = 0; i < 30; ++i) {
        put_some(producer, random);
        std::this_thread::sleep_for(
            std::chrono::microseconds(100 + random() % 2000));  // about as long as a get lasts
      }
      producer.join();
      REQUIRE_MESSAGE(all_return(consumer, impatient), "prefetch ", prefetch, ", round ", round);
      REQUIRE_FALSE(consumer.try_get(1ms));
    }
  }
}

TEST_CASE("get: with a time-out it returns nothing when the time is up and there is nothing") {
  Broker broker;
  Consumer consumer(consumer_of(broker));
  const auto begin = Clock::now();
  CHECK_FALSE(consumer.try_get(300ms));
  CHECK(milliseconds(Clock::now() - begin) >= 300);
  CHECK_FALSE(consumer.try_get(0ms));
  Producer producer(producer_of(broker));
  producer.put("x");
  auto item = consumer.try_get(soon);
  REQUIRE(item);
  CHECK(item->body() == "x");
}

TEST_CASE("get: with time 0 it takes what is there") {
  Broker broker;
  Producer producer(producer_of(broker));
  for (const char* body : {"a", "b", "c"}) producer.put(body);
  producer.flush();
  Consumer consumer(consumer_of(broker));
  const auto first = consumer.try_get(soon);
  REQUIRE(first);
  std::vector<Item> held;
  for (const char* body : {"b", "c"}) {
    auto item = consumer.try_get(0ms);
    REQUIRE(item);
    CHECK(item->body() == body);
    held.push_back(*std::move(item));
  }
  CHECK_FALSE(consumer.try_get(0ms));
}

TEST_CASE("queues: a consumer of several gets from each, in the order of each") {
  Broker broker;
  for (const char* queue : {"red", "green", "other"}) {
    Producer producer(producer_of(broker, queue));
    for (int i = 0; i < 50; ++i) producer.put(queue + std::to_string(i));
    producer.flush();
  }
  Consumer consumer(consumer_of(broker, {"red", "green"}));
  std::map<std::string, int> next;
  for (int i = 0; i < 100; ++i) {
    auto item = consumer.try_get(soon);
    REQUIRE(item);
    CHECK(item->body() ==
          std::string(item->queue()) + std::to_string(next[std::string(item->queue())]++));
    item->ack();
  }
  CHECK(next == std::map<std::string, int>{{"red", 50}, {"green", 50}});
  CHECK_FALSE(consumer.try_get(100ms));
}

TEST_CASE("queues: the program takes several, too") {
  Broker broker;
  Process printer = broker.printer();
  Process consumer = broker.consumer({"--queue", "red", "--queue", "green"});
  for (const char* queue : {"red", "green", "other"}) {
    Process producer = broker.producer({"--queue", queue, queue});
    CHECK(producer.wait() == 0);
  }
  const auto got = names(next_got(printer, 2));
  CHECK(std::multiset<std::string>(got.begin(), got.end()) ==
        std::multiset<std::string>{"red", "green"});
  CHECK_FALSE(printer.out().next_with(" got ", 200ms));
}
