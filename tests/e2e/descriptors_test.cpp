// Strangers who take all descriptors that the broker may have.

#include <doctest/doctest.h>

#include <vector>

#include "tests/e2e/library.hpp"
#include "tests/e2e/stranger.hpp"

using namespace baton;
using namespace baton::e2e;

namespace {

constexpr int files = 160, strangers = 400;

/// A broker that may open so many files.
Broker small_broker() {
  return Broker({}, {"/bin/sh", "-c", "ulimit -n " + std::to_string(files) + "; exec \"$0\" \"$@\""});
}

}  // namespace

TEST_SUITE("timed") {
  TEST_CASE("strangers who take all descriptors cost no time and disturb nobody") {
    auto broker = small_broker();
    Producer producer(producer_of(broker, "there-before"));
    Consumer consumer(consumer_of(broker, {"there-before"}));
    const auto works = [&] {
      producer.put("one");
      const auto item = consumer.get(soon_ms);
      return item && consumer.ack(item->id) && producer.join().dead == 0;
    };
    REQUIRE(works());
    std::vector<RawPeer> peers;
    for (int i = 0; i < strangers; ++i)
      peers.emplace_back(port_of(broker)).send(zmtp::greeting() + zmtp::ready("PUSH"));
    REQUIRE(broker.process().err().next_with("turned away"));

    const auto before = broker.process().cpu_time();
    CHECK_FALSE(peers.front().is_closed(2s));  // he was in before there were too many
    const auto used = broker.process().cpu_time() - before;
    MESSAGE("in 2 s the broker used, ms: ", milliseconds(used));
    CHECK(used < 400ms);
    CHECK(works());
    CHECK(peers.back().is_closed());

    peers.clear();
    auto late = producer_of(broker, "late");
    late.connect_timeout = soon_ms;
    Producer(late).close();  // there is room again, for anybody
  }
}
