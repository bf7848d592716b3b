// Strangers who take all descriptors that the broker may have, and a process that has none left for
// its clients.

#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include "tests/support/durable_broker.hpp"
#include "tests/support/library.hpp"
#include "tests/support/stranger.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

constexpr int files = 160, strangers = 400;

/// A broker that may open so many files.
Broker small_broker() {
  return Broker({},
                {"/bin/sh", "-c", "ulimit -n " + std::to_string(files) + "; exec \"$0\" \"$@\""});
}

/// Takes each descriptor of this process as soon as it is free, for as long as it lives.
class Grabber {
 public:
  Grabber() : thread_([this] { grab(); }) {}
  ~Grabber() {
    stop_ = true;
    thread_.join();
    for (const int fd : taken_) close(fd);
  }

 private:
  void grab() {
    while (!stop_) {
      if (const int fd = dup(STDERR_FILENO); fd >= 0)
        taken_.push_back(fd);
      else
        std::this_thread::yield();
    }
  }

  std::atomic<bool> stop_ = false;
  std::vector<int> taken_;
  std::thread thread_;
};

}  // namespace

TEST_CASE(
    "a client that finds no descriptors for new sockets says so and goes on when there are some") {
  DurableBroker broker;
  REQUIRE(broker->producer({"a", "b"}).wait() == 0);
  std::promise<void> told;
  auto options = consumer_of(*broker);
  options.log([&, once = true](auto, auto, const std::string& notice) mutable {
    if (notice.find("cannot open a socket") != notice.npos && std::exchange(once, false))
      told.set_value();
  });
  Consumer consumer(options);
  auto held = consumer.try_get(soon);
  REQUIRE(held);
  broker.kill();
  auto next = std::async(std::launch::async, [&] { return consumer.try_get(2 * soon); });
  {
    const Grabber grabber;
    REQUIRE(told.get_future().wait_for(soon) == std::future_status::ready);
  }
  broker.start();
  auto item = next.get();
  REQUIRE(item);
  CHECK(item->body() == R"({"name":"b"})");
  CHECK(held->ack());
  CHECK(item->ack());
}

TEST_SUITE("timed") {
  TEST_CASE("strangers who take all descriptors cost no time and disturb nobody") {
    auto broker = small_broker();
    Producer producer(producer_of(broker, "there-before"));
    Consumer consumer(consumer_of(broker, {"there-before"}));
    const auto works = [&] {
      producer.put("one");
      auto item = consumer.try_get(soon);
      return item && item->ack() && producer.join().dead == 0;
    };
    REQUIRE(works());
    std::vector<RawPeer> peers;
    for (int i = 0; i < strangers; ++i)
      peers.emplace_back(port_of(broker)).send(zmtp::greeting() + zmtp::ready("PUSH"));
    REQUIRE(broker.process().err().next_with("turned away"));

    const auto before = broker.process().cpu_time();
    CHECK_FALSE(peers.front().is_closed(2s));  // it was in before there were too many
    const auto used = broker.process().cpu_time() - before;
    MESSAGE("in 2 s the broker used, ms: ", milliseconds(used));
    CHECK(used < 400ms);
    CHECK(works());
    CHECK(peers.back().is_closed());

    peers.clear();
    auto late = producer_of(broker, "late");
    late.connect_timeout(soon);
    Producer(late).close();  // there is room again, for anybody
  }
}
