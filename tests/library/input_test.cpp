// Producers with a name that are made again, what they are told of dead items, and printers.
#include <doctest/doctest.h>

#include <thread>

#include "tests/library/of.hpp"

using namespace baton::internal::e2e;
using namespace baton;

namespace {

/// What a run of a producer named "load" that reads these items does of each: put it, or leave it
/// out.
std::vector<Input::Which> put_all(const Broker& broker, const std::vector<std::string>& items,
                                  bool again = false) {
  Producer producer(options_of(broker).name("load"));
  Input input(producer, again);
  std::vector<Input::Which> all;
  for (const auto& item : items) {
    all.push_back(input.next(item));
    if (all.back() == Input::Which::fresh) input.put(item);
  }
  CHECK(input.complete() == (all.back() != Input::Which::conflict));
  producer.close();
  return all;
}

}  // namespace

TEST_CASE("library: a named producer that is made again puts only what was not put before") {
  using Which = Input::Which;
  Broker broker;
  CHECK(put_all(broker, {"a", "b"}) == std::vector{Which::fresh, Which::fresh});
  CHECK(put_all(broker, {"a", "b", "c"}) ==
        std::vector{Which::already_put, Which::already_put, Which::fresh});
  CHECK(put_all(broker, {"x", "y", "z"}).back() == Which::conflict);
  CHECK(put_all(broker, {"x"}, true) == std::vector{Which::fresh});
  Consumer consumer(options_of(broker));
  for (const auto* body : {"a", "b", "c", "x"}) {
    auto item = consumer.try_get(soon);
    REQUIRE(item);
    CHECK(item->body() == body);
    CHECK(item->ack());
  }
  Producer unnamed(options_of(broker));
  CHECK(status_of([&] { Input{unnamed}; }) == Status::invalid_argument);
}

TEST_CASE("library: an input goes on when its fresh item is put, and puts no other one") {
  Broker broker({"--max-items", "1"});
  Producer producer(options_of(broker).name("load"));
  auto input = Input::try_open(producer, soon);
  REQUIRE(input);
  const auto refused = [](auto call) { return status_of(call) == Status::invalid_argument; };
  CHECK(input->next("a") == Input::Which::fresh);
  CHECK(refused([&] { input->next("b"); }));
  CHECK(refused([&] { input->put("b"); }));
  CHECK(input->try_put("a", soon) == 1);
  CHECK(input->next("b") == Input::Which::fresh);
  CHECK_FALSE(input->try_put("b", 50ms));
  CHECK(refused([&] { input->next("c"); }));
  Consumer consumer(options_of(broker));
  CHECK(consumer.get()->ack());
  CHECK(input->try_put("b", soon) == 2);
  CHECK(input->next("c") == Input::Which::fresh);
  input->skip();
  CHECK(input->next("d") == Input::Which::fresh);
  CHECK(input->items() == 4);
}

TEST_CASE("library: names with NUL bytes are refused, not cut") {
  const std::string name("a\0b", 3);
  Options options;
  const auto refused = [](auto call) { return status_of(call) == Status::invalid_argument; };
  CHECK(refused([&] { options.name(name); }));
  CHECK(refused([&] { options.queue(name); }));
  CHECK(refused([&] { options.add_queue(name); }));
  CHECK(refused([&] { options.broker(name); }));
}

TEST_CASE("library: a batch may be of any size") {
  Broker broker;
  Consumer consumer(options_of(broker));
  CHECK(consumer.get_batch(SIZE_MAX, 0ms).empty());
}

TEST_CASE("library: dead items are told to their producer with each failure") {
  Broker broker({"--max-attempts", "2"});
  Producer producer(options_of(broker));
  producer.put("dies");
  Consumer consumer(options_of(broker).name("worker 1"));
  consumer.run([](Item&) -> Outcome { throw std::runtime_error("on purpose"); }, {1, 2});
  const auto counts = producer.join();
  CHECK(counts.dead == 1);
  const auto dead = producer.dead_items();
  REQUIRE(dead.size() == 1);
  CHECK(dead[0].body == "dies");
  CHECK(dead[0].queue == "default");
  CHECK(dead[0].failures == 2);
  REQUIRE(dead[0].history.size() == 2);
  for (const auto& failure : dead[0].history) {
    CHECK(failure.consumer == "worker 1");
    CHECK(failure.reason == "on purpose");
  }
}

TEST_CASE("library: a stopped producer puts no more and closes what it has put") {
  Broker broker;
  Producer producer(options_of(broker));
  producer.put("item");
  producer.stop();
  CHECK(status_of([&] { producer.put("late"); }) == Status::stopped);
  CHECK(status_of([&] { producer.join(); }) == Status::stopped);
  producer.close();
  Consumer consumer(options_of(broker));
  CHECK(consumer.get()->ack());
}

TEST_CASE("library: a printer gets whole blocks until it is stopped") {
  Broker broker;
  Producer producer(options_of(broker).host_tag(HostTag::off));
  producer.print("one\ntwo");
  producer.print("three");
  Printer printer(options_of(broker));
  std::string printed;
  printer.run([&](std::string_view lines) {
    printed += lines;
    if (printed.find("three\n") != printed.npos) printer.stop();
    CHECK(status_of([&] { printer.run([](std::string_view) { return std::size_t(0); }); }) ==
          Status::busy);
    return lines.size();
  });
  CHECK(printed == "one\ntwo\nthree\n");
  producer.print("four");
  CHECK_THROWS_WITH(
      printer.run([](std::string_view) -> std::size_t { throw std::runtime_error("no paper"); }),
      "no paper");
  printer.close();
  printer.close();
  printer.run([](std::string_view lines) { return lines.size(); });
}
