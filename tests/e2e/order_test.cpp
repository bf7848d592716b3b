// First in, first out within a queue and priority; higher priorities first; delayed items when
// their time has come.

#include "tests/support/library.hpp"
#include "tests/support/show.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

std::string numbered_lines(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) lines += std::to_string(i) + '\n';
  return lines;
}

// Names 0, 1, 2, ... in this order.
void check_numbered(const std::vector<Got>& got, std::size_t count) {
  REQUIRE(got.size() == count);
  std::size_t out_of_place = 0;
  for (std::size_t i = 0; i < count; ++i) out_of_place += got[i].name != std::to_string(i);
  CHECK(out_of_place == 0);
}

void check_order(int count, const Args& consumer_args) {
  const TemporaryFile items(numbered_lines(count));
  Broker broker;
  Process printer = broker.printer();
  Process consumer = broker.consumer(consumer_args);
  Process producer = broker.producer({"--file", items.path(), "--wait"});
  check_numbered(next_got(printer, static_cast<std::size_t>(count), 60s),
                 static_cast<std::size_t>(count));
  CHECK(producer.wait() == 0);
}

// Puts, and returns once the items are confirmed.
void put(const Broker& broker, const Args& args) {
  Process producer = broker.producer(args);
  REQUIRE_MESSAGE(producer.wait() == 0, producer.err().text());
}

}  // namespace

TEST_CASE("order: 100000 items from one producer to one consumer") {
  check_order(100'000, {"--prefetch", "1000"});
}

TEST_CASE("order: one at a time") { check_order(5'000, {}); }

TEST_CASE("order: higher priorities first and each in its own order") {
  Broker broker;
  Process printer = broker.printer();
  put(broker, {"default-1", "default-2"});
  put(broker, {"--priority", "0", "low-1", "low-2"});
  put(broker, {"--priority", "9", "high-1", "high-2"});
  put(broker, {"--priority", "4", "default-3"});
  put(broker, {"--priority", "9", "high-3"});
  Process consumer = broker.consumer();
  CHECK(names(next_got(printer, 8)) == Args{"high-1", "high-2", "high-3", "default-1", "default-2",
                                            "default-3", "low-1", "low-2"});
}

TEST_CASE("order: a delayed item comes when its time has come and not before") {
  Broker broker;
  Process printer = broker.printer();
  Process consumer = broker.consumer();
  put(broker, {"--delay", "0.001", "--priority", "9", "at once"});
  REQUIRE(names(next_got(printer, 1)) == Args{"at once"});
  const auto begin = Clock::now();  // no process starts in between
  Producer producer(producer_of(broker));
  producer.put(R"({"name":"later"})", PutOptions().priority(9).delay(3000ms));
  producer.put(R"({"name":"sooner"})", PutOptions().delay(1500ms));
  producer.put(R"({"name":"now"})");
  const auto got = next_got(printer, 3);
  REQUIRE(names(got) == Args{"now", "sooner", "later"});
  CHECK(milliseconds(got[1].at - begin) >= 1500);
  CHECK(milliseconds(got[2].at - begin) >= 3000);
  CHECK(milliseconds(got[2].at - begin) < 4500);
}
