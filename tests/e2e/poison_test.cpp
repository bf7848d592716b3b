// What counts as a failed attempt, and what does not: an item that fails too often is dead, and its
// history says why.
#include <signal.h>

#include <algorithm>
#include <future>

#include "tests/support/library.hpp"
#include "tests/support/ports.hpp"
#include "tests/support/show.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

Item get(Consumer& consumer, std::uint32_t deliveries) {
  auto item = consumer.try_get(soon);
  REQUIRE(item);
  CHECK(item->delivery_count() == deliveries);
  return *std::move(item);
}

// A consumer program that has got the item, as the printer said.
Process got_by(const Broker& broker, Process& printer, const std::string& name, Args args) {
  args.insert(args.end(), {"--name", name});
  Process process = broker.consumer(args);
  const auto got = next_got(printer, 1);
  REQUIRE(got.size() == 1);
  CHECK(got[0].pid == process.pid());
  return process;
}

void check_failure(const DeadItem::Failure& failure, const std::string& consumer,
                   const std::string& reason) {
  CHECK(failure.consumer == consumer);
  CHECK_MESSAGE(failure.reason.find(reason) != failure.reason.npos, failure.reason);
}

}  // namespace

TEST_CASE(
    "poison: an item is dead by who was killed and who failed and who stood still but not by who "
    "gave it back") {
  Broker broker({"--max-attempts", "3"});
  Process printer = broker.printer();
  Producer producer(producer_of(broker));
  const auto begin = Clock::now();
  producer.put("poison");

  got_by(broker, printer, "killed", {"--work", "600:600"}).signal(SIGKILL);
  {
    Consumer gives_back(consumer_of(broker));
    for (int i = 0; i < 5; ++i) CHECK(get(gives_back, 2).release());
    const auto held = get(gives_back, 2);
    gives_back.close();  // with the item in hand
  }
  {
    Process failing = got_by(broker, printer, "failing", {"--fail", "--count", "1"});
    CHECK(failing.wait() == 0);
  }
  Process stopped = got_by(broker, printer, "stopped", {"--work", "600:600"});
  stopped.signal(SIGSTOP);

  CHECK(producer.join().dead == 1);
  const auto took = Clock::now() - begin;
  const auto dead = producer.dead_items();
  REQUIRE(dead.size() == 1);
  CHECK(dead[0].failures == 3);
  const auto& history = dead[0].history;
  REQUIRE(history.size() == 3);
  check_failure(history[0], "killed", "its process ended");
  check_failure(history[1], "failing", "--fail");
  check_failure(history[2], "stopped", "no heartbeat for 3 s");
  CHECK(history[0].age <= took);
  CHECK(history[0].age >= history[1].age);
  CHECK(history[1].age >= 2000ms);  // the third stood still for longer
  CHECK(history[2].age < 1000ms);
}

TEST_CASE("poison: what is held or under way when delivery links break is not counted") {
  constexpr int cuts = 20;
  const std::string range = free_range(1);
  const unsigned port = static_cast<unsigned>(std::stoi(range));
  Broker broker({"--max-attempts", "1", "--delivery-ports", range});
  Producer producer(producer_of(broker));
  auto options = consumer_of(broker);
  options.prefetch(3);
  Consumer consumer(options);
  for (int i = 0; i < cuts; ++i) {
    for (const char* body : {"a", "b", "c"}) producer.put(body);
    Item held = get(consumer, 1);
    CHECK(cut_connections_to(port) == 1);
    for (const char* body : {"d", "e", "f"}) producer.put(body);
    for (int more = 1; more < 6; ++more) CHECK(get(consumer, 1).ack());
    CHECK(held.ack());
  }
  const auto settled = producer.join();
  CHECK(settled.done == 6 * cuts);
  CHECK(settled.dead == 0);
}

namespace {

struct Supervised {
  Counts settled;
  int ended = 0;  // how often the worker did by itself
};

// As a supervisor does: the worker is started again and again, until all that the producer put is
// settled.
Supervised supervise(Producer& producer, const Args& worker) {
  auto all = std::async(std::launch::async, [&] { return producer.join(); });
  Supervised supervised;
  for (; supervised.ended < 30; ++supervised.ended) {
    Process process = start("test-peer", worker);
    while (all.wait_for(10ms) != std::future_status::ready && !process.wait(0ms)) {
    }
    if (all.wait_for(0ms) == std::future_status::ready) break;
  }
  if (supervised.ended == 30) producer.stop();  // join() throws
  supervised.settled = all.get();
  return supervised;
}

}  // namespace

TEST_CASE(
    "poison: what ends its program in whatever way is dead in the end and what is behind it is "
    "done") {
  const std::pair<std::string, std::string> ways[] = {
      {"throws", "an exception ended the work on it"},
      {"returns", "it was not settled"},
      {"exits", "its process ended"},
      {"exits-in-handler", "its process ended"}};
  for (const auto& [how, why] : ways) {
    CAPTURE(how);
    Broker broker({"--max-attempts", "3"});
    Producer producer(producer_of(broker));
    for (const char* body : {"poison", "good"}) producer.put(body);
    const auto [settled, ended] = supervise(producer, {"worker", broker.address(), how});
    CHECK(ended == 3);
    CHECK(settled.done == 1);
    CHECK(settled.dead == 1);
    const auto dead = producer.dead_items();
    REQUIRE(dead.size() == 1);
    REQUIRE(dead[0].history.size() == 3);
    for (const auto& failure : dead[0].history)
      CHECK_MESSAGE(failure.reason.find(why) == 0, failure.reason);
  }
}

namespace {

void check_neighbours(const char* prefetch, const char* jobs, const char* consumers) {
  CAPTURE(prefetch);
  CAPTURE(jobs);
  CAPTURE(consumers);
  Broker broker({"--max-attempts", "5"});
  Producer producer(producer_of(broker));
  producer.put("poison");
  for (int i = 0; i < 199; ++i) producer.put("good");
  const auto [settled, ended] =
      supervise(producer, {"aborts", broker.address(), prefetch, jobs, consumers});
  CHECK(settled.done == 199);
  CHECK(settled.dead == 1);
  CHECK(ended >= 5);
  CHECK(ended <= 6);  // once it may have been faster than its client could tell
  const auto dead = producer.dead_items();
  REQUIRE(dead.size() == 1);
  CHECK(dead[0].body == "poison");
}

}  // namespace

TEST_CASE("poison: an item that aborts its process takes none of its neighbours to the dead") {
  for (const char* prefetch : {"0", "50"})
    for (const char* jobs : {"1", "4", "16"}) check_neighbours(prefetch, jobs, "1");
}

TEST_CASE(
    "poison: an item that aborts a process of several consumers takes none of their items to the "
    "dead") {
  check_neighbours("0", "1", "8");
  check_neighbours("10", "4", "4");
}
