// Much falls due at one moment: nobody waits for all of it.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>

#include "tests/support/library.hpp"
#include "tests/support/stranger.hpp"

using namespace baton;
using namespace baton::internal;
using namespace baton::internal::e2e;

namespace {

constexpr int items = 3'000'000;
constexpr auto delay = 5s;
constexpr double at_most = 400;  // ms: without a bound on a turn's work, more than a second

}  // namespace

TEST_SUITE("timed") {
  TEST_CASE("items that are all due at one moment hold nobody up") {
    Broker broker;
    Producer many(producer_of(broker, "many"));
    Stranger bystander(broker,
                       Role::consumer);  // asks what the broker answers at once, and stays as it is
                                         // when it does not
    std::string not_its_own;
    append_runs(not_its_own, EntryKind::ack, {{ItemId{UINT64_MAX / 2}, 1}});
    SeqNo number;
    const auto answer = [&] {
      const auto begin = Clock::now();
      bystander.control(bystander.message(MessageType::control, 1, number += 1, not_its_own));
      REQUIRE(bystander.refused() == "not_held");
      return Clock::now() - begin;
    };
    PutOptions delayed;
    delayed.delay(delay);
    for (int i = 0; i < items; ++i) {
      many.put("x", delayed);
      if (i % 100'000 == 0) answer();
    }
    many.flush();
    broker.process().signal(SIGSTOP);  // until all of it is due
    CHECK_FALSE(broker.process().wait(delay));
    broker.process().signal(SIGCONT);
    Clock::duration slowest{};
    for (const auto until = Clock::now() + 3s; Clock::now() < until;)
      slowest = std::max(slowest, answer());
    MESSAGE("longest silence, ms: ", milliseconds(slowest));
    CHECK(milliseconds(slowest) < at_most);
  }
}
