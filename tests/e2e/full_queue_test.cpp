// A full queue holds its producers back, and nobody else.

#include <algorithm>
#include <future>
#include <utility>

#include "tests/support/library.hpp"
#include "tests/support/show.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

constexpr std::size_t count = 100'000;
constexpr std::size_t body_size = 1000;

std::string body(std::size_t number) {
  std::string json = R"({"name":")" + std::to_string(number) + R"(","padding":")";
  json.append(body_size - json.size() - 2, '.');
  return json + R"("})";
}

std::string all_bodies() {
  std::string lines;
  lines.reserve(count * (body_size + 1));
  for (std::size_t i = 0; i < count; ++i) lines += body(i) + '\n';
  return lines;
}

// Another queue of the same broker, with a producer and a consumer of its own.
class Neighbour {
 public:
  explicit Neighbour(const Broker& broker)
      : producer_(producer_of(broker, "other")), consumer_(consumer_of(broker, {"other"})) {}

  // From the ack of an item to the producer's knowledge that it is done. Fails the test if the item
  // does not come.
  Clock::duration ack_time() {
    producer_.put("x");
    auto item = consumer_.try_get(soon);
    REQUIRE(item);
    const auto begin = Clock::now();
    item->ack();
    producer_.join();
    return Clock::now() - begin;
  }

  Clock::duration median_ack_time() {
    std::vector<Clock::duration> times(200);
    std::generate(times.begin(), times.end(), [this] { return ack_time(); });
    return median(times);
  }

 private:
  Producer producer_;
  Consumer consumer_;
};

bool says_full(Process& producer) { return producer.err().next_with("full").has_value(); }

// What was observed while the full queue was worked off.
struct Flow {
  std::size_t out_of_place = 0;       // items that did not come in their turn
  std::size_t most_memory = 0;        // of the broker, in bytes
  std::vector<Clock::duration> acks;  // the neighbour's
};

Flow work_off(Broker& broker, Neighbour& neighbour) {
  constexpr std::size_t step = 1000;
  auto options = consumer_of(broker);
  options.prefetch(10);  // slower than the producer by far
  Consumer consumer(options);
  Flow flow;
  for (std::size_t i = 0; i < count; ++i) {
    auto item = consumer.try_get(soon);
    REQUIRE(item);
    flow.out_of_place += item->body() != body(i);
    REQUIRE(item->ack());
    if (i % step != 0) continue;
    flow.most_memory = std::max(flow.most_memory, broker.process().memory());
    flow.acks.push_back(neighbour.ack_time());
  }
  return flow;
}

}  // namespace

TEST_SUITE("timed") {
  TEST_CASE(
      "full queue: producers wait and say why while memory is flat and the neighbour is not held") {
    const TemporaryFile items(all_bodies());
    Broker broker({"--max-items", "100"});
    Neighbour neighbour(broker);
    const auto before = neighbour.median_ack_time();

    Process producer = broker.producer({"--file", items.path(), "--wait"});
    REQUIRE(says_full(producer));
    const auto while_full = neighbour.median_ack_time();
    const std::size_t memory = broker.process().memory();

    const Flow flow = work_off(broker, neighbour);
    CHECK(producer.wait() == 0);
    MESSAGE("ack, median, ms: before ", milliseconds(before), ", while full ",
            milliseconds(while_full), ", while it is worked off ", milliseconds(median(flow.acks)));
    MESSAGE("broker memory, KB: full ", memory / 1024, ", at most ", flow.most_memory / 1024);
    CHECK(flow.out_of_place == 0);
    CHECK(flow.most_memory < memory + (4u << 20));
    CHECK(memory < (32u << 20));
    CHECK(while_full < 2 * before + 500us);
    CHECK(milliseconds(median(flow.acks)) < 5);
  }
}

TEST_CASE("full queue: by bytes, too, and a producer that waits goes on when there is room") {
  Broker broker({"--max-bytes", "10K"});
  const TemporaryFile items(all_bodies().substr(0, 100 * (body_size + 1)));
  Process printer = broker.printer();
  Process producer = broker.producer({"--file", items.path(), "--wait"});
  REQUIRE(says_full(producer));
  Process consumer = broker.consumer();
  CHECK(next_got(printer, 100).size() == 100);
  CHECK(producer.wait() == 0);
}

TEST_CASE("full queue: a handler that puts into its own is told so and try_put gives up") {
  Broker broker({"--max-items", "2"});
  auto options = producer_of(broker);
  std::promise<std::string> notice;
  options.log([&, told = false](auto, auto, const std::string& text) mutable {
    if (text.rfind("queue", 0) == 0 && !std::exchange(told, true)) notice.set_value(text);
    throw 42;  // which is passed over
  });
  Producer producer(options);
  Consumer consumer(consumer_of(broker));
  producer.put("first");
  producer.put("second");
  producer.flush();  // what is put from here on waits for room
  while (producer.try_put("item", 500ms)) {
  }
  CHECK_FALSE(producer.try_put("at once"));
  bool put_of_handler = true;
  consumer.run(
      [&](const Item&) {
        while (producer.try_put("more")) {
        }
        put_of_handler = producer.try_put("and more", 700ms).has_value();
      },
      {.count = 1});
  CHECK_FALSE(put_of_handler);
  auto told = notice.get_future();
  REQUIRE(told.wait_for(soon) == std::future_status::ready);
  CHECK(told.get() ==
        "queue 'default' is full (its limit of items is reached), and this process consumes it: "
        "if all its handlers wait for room, none is made");
  CHECK(producer.try_put("there is room again", std::chrono::milliseconds::max()));
}
