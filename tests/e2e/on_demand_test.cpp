// An item goes to a consumer that asks for one now, never to one that is busy while another asks.

#include <algorithm>

#include "tests/support/baton.hpp"
#include "tests/support/show.hpp"

using namespace baton::internal::e2e;

namespace {

Args numbers(int count) {
  Args all;
  for (int i = 0; i < count; ++i) all.push_back(std::to_string(i));
  return all;
}

auto count_of(const std::vector<Got>& got, const Process& consumer) {
  return std::count_if(got.begin(), got.end(),
                       [&](const Got& one) { return one.pid == consumer.pid(); });
}

}  // namespace

TEST_SUITE("timed") {
  TEST_CASE("on demand: a busy consumer gets one item and an idle one the other 99 in under 1 s") {
    Broker broker;
    Process printer = broker.printer();
    Process busy = broker.consumer({"--work", "5:5"});
    Process first = broker.producer({"first"});
    REQUIRE(next_got(printer, 1).size() == 1);
    Process idle = broker.consumer({"--work", "0:0"});
    Process second = broker.producer({"second"});
    REQUIRE(next_got(printer, 1).size() == 1);  // now one is at work, and the other one asks

    const auto begin = Clock::now();
    Process producer = broker.producer(numbers(98));
    const std::vector<Got> got = next_got(printer, 98);
    REQUIRE(got.size() == 98);
    CHECK(count_of(got, busy) == 0);
    CHECK(count_of(got, idle) == 98);
    CHECK(milliseconds(got.back().at - begin) < 1000);
    CHECK(producer.wait() == 0);
  }
}

TEST_CASE("on demand: what a consumer prefetched is its own choice") {
  Broker broker;
  Process printer = broker.printer();
  Process greedy = broker.consumer({"--work", "60:60", "--prefetch", "9"});
  require_started(printer, "consumer", {greedy.pid()});
  Process first = broker.producer(numbers(10));  // one to work on, nine in hand
  REQUIRE(first.wait() == 0);
  REQUIRE(next_got(printer, 1).size() == 1);
  Process other = broker.consumer({"--work", "0:0"});
  require_started(printer, "consumer", {other.pid()});
  Process second = broker.producer({"last"});
  CHECK(names(next_got(printer, 1)) == Args{"last"});
}
