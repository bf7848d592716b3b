// A get() that waits for an item gets one at once when it is put.

#include <atomic>
#include <deque>
#include <thread>

#include "tests/support/library.hpp"
#include "tests/support/show.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

constexpr std::size_t links = 4;
constexpr std::size_t gets = 300;

// A consumer that blocks in get() on a queue of its own, and says when each item came.
class Waiter {
 public:
  Waiter(const Broker& broker, const std::string& queue)
      : producer_(producer_of(broker, queue)),
        consumer_(consumer_of(broker, {queue})),
        thread_([this] { serve(); }) {}

  ~Waiter() {
    consumer_.interrupt();
    thread_.join();
  }

  // From put to get.
  Clock::duration put_one() {
    const std::size_t before = got_;
    const auto begin = Clock::now();
    producer_.put("x");
    got_.wait(before);
    return came_.load() - begin;
  }

 private:
  void serve() {
    while (auto item = get_until_interrupted(consumer_)) {
      came_ = Clock::now();
      ++got_;
      got_.notify_one();
      item->ack();
    }
  }

  Producer producer_;
  Consumer consumer_;
  std::atomic<Clock::time_point> came_{};
  std::atomic<std::size_t> got_ = 0;
  std::thread thread_;
};

}  // namespace

TEST_SUITE("timed") {
  // In turn, so that each consumer asks again, and the broker knows it, while the others have
  // theirs.
  TEST_CASE("blocked get: an item put later is there in under 0.5 ms on the median") {
    Broker broker;
    std::deque<Waiter> waiters;
    for (std::size_t i = 0; i < links; ++i)
      waiters.emplace_back(broker, "queue-" + std::to_string(i));
    std::vector<Clock::duration> times;
    for (std::size_t i = 0; i < gets; ++i) {
      for (Waiter& waiter : waiters) {
        const auto time = waiter.put_one();
        if (i >= gets / 10) times.push_back(time);
      }
    }
    MESSAGE("median ", milliseconds(median(times)), " ms");
    CHECK(milliseconds(median(times)) < 0.5);
  }

  TEST_CASE(
      "blocked get: a consumer that has just come to a quiet broker gets what is there at once") {
    Broker broker;
    Producer producer(producer_of(broker));
    producer.put("x");
    producer.flush();
    const auto begin = Clock::now();
    Consumer consumer(consumer_of(broker));
    REQUIRE(consumer.try_get(soon));
    CHECK(milliseconds(Clock::now() - begin) < 200);
  }
}
