// Names of queues come and go, and leave nothing behind.
#include <doctest/doctest.h>
#include <malloc.h>

#include <string>
#include <vector>

#include "tests/worlds/broker_world.hpp"
#include "tests/worlds/durable_memory.hpp"

namespace baton::internal::broker::test {
namespace {

constexpr bool memory_counts = BATON_MEMORY_COUNTS;

/// Bytes that are in use.
std::size_t memory() { return mallinfo2().uordblks; }

/// Queues with a producer, and a consumer whose queues change.
struct Names {
  CoreSettings settings;
  MemoryStorage storage;
  Effects effects;
  std::vector<Session*> changed;
  Queues queues{settings, storage, effects, changed};
  Producer& producer = queues.producer("rick", false, {1});
  Session consumer;
  SeqNo last;

  Names() { queues.serving().established(consumer); }
  /// An item is put into the queue, delivered and done.
  void use(const std::string& name) {
    auto& queue = queues.queue(name);
    queues.use(queue);
    PutItem item;
    item.body = "body";
    queues.put(producer, queue, item, last += 1, Time{});
    consumer.queues = {&queue};
    queues.serving().request(consumer, consumer.consumer.requested + 1);
    queues.serving().serve();
    REQUIRE(queues.settle(consumer, {Settlement::Kind::done, ItemId{last.value}}, Time{}));
    consumer.queues = {};
    queues.leave(queue);
    end_turn();
  }
  void end_turn() {
    queues.serving().serve();
    queues.forget_unused(queues.take_touched());
    queues.serving().end_turn();
    effects.clear();
  }
};

TEST_CASE("a million names of queues come and go, and take no memory") {
  Names names;
  names.use("first");
  const auto before = memory();
  for (int i = 0; i < (memory_counts ? 1'000'000 : 100'000); ++i)
    names.use("a name that is long enough to be kept apart/" + std::to_string(i));
  CHECK(names.queues.all().empty());
  CHECK((memory() < before + (1u << 20) || !memory_counts));
  names.queues.check_invariants();
}

TEST_CASE("a name that is not used takes little memory") {
  constexpr std::size_t count = 10'000;
  Names names;
  std::vector<std::string> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back("queue" + std::to_string(i));
  const auto before = memory();
  for (const auto& name : all) names.queues.use(names.queues.queue(name));
  const auto each = (memory() - before) / count;
  MESSAGE("bytes a name: ", each);
  CHECK((each < 330 || !memory_counts));
}

TEST_CASE("a queue is forgotten when nothing is in it and nobody names it, not before") {
  CoreSettings settings;
  settings.durable = true;
  settings.max_attempts = 1;
  DurableMemory storage;
  BrokerWorld world(settings, storage, {7});
  const auto& queues = world.core.queues().all();
  auto rick = world.producer(1, "rick", "mail");
  CHECK(queues.size() == 1);
  rick.put("a");
  rick.close({1});
  CHECK(queues.size() == 1);
  CHECK(storage.queues().size() == 1);
  auto morty = world.consumer(2, {"mail"});
  morty.request();
  CHECK(morty.received() == Bodies{"a"});
  morty.ack("a");
  CHECK(queues.size() == 1);
  morty.close();
  CHECK(queues.empty());
  CHECK(storage.queues().empty());
}

TEST_CASE(
    "a queue with a dead item is remembered, the index of one that is forgotten is used again") {
  CoreSettings settings;
  settings.durable = true;
  settings.max_attempts = 1;
  DurableMemory storage;
  BrokerWorld world(settings, storage, {7});
  auto morty = world.consumer(2, {"mail", "images"});
  auto rick = world.producer(1, "rick", "mail");
  auto summer = world.producer(3, "summer", "images");
  rick.put("a");
  summer.put("b");
  morty.request(2);
  morty.received();
  morty.fail("a");
  morty.ack("b");
  for (auto* client : {&rick, &summer}) client->close({1});
  morty.close();
  CHECK(storage.queues() == std::map<std::uint32_t, std::string>{{0, "mail"}});
  auto beth = world.producer(4, "beth", "video");
  beth.put("c");
  CHECK(storage.queues() == std::map<std::uint32_t, std::string>{{0, "mail"}, {1, "video"}});
  BrokerWorld again(settings, storage, {8});
  CHECK(again.core.queues().all().size() == 2);
  CHECK(again.core.queues().all().at("video")->ready.size() == 1);
}

TEST_CASE("a queue of which nothing was kept is forgotten by the next broker") {
  CoreSettings settings;
  settings.durable = true;
  DurableMemory storage;
  {
    BrokerWorld world(settings, storage, {7});
    auto rick = world.producer(1, "rick", "mail");
    rick.put("a");
    auto morty = world.consumer(2, {"mail"});
    morty.request();
    morty.received();
    morty.ack("a");
    CHECK(storage.queues().size() == 1);
  }
  BrokerWorld world(settings, storage, {8});
  world.settle();
  CHECK(world.core.queues().all().empty());
  CHECK(storage.queues().empty());
}

}  // namespace
}  // namespace baton::internal::broker::test
