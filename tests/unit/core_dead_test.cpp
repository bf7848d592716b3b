// The broker's pure core: how much of dead items is kept, and told to producers that are away.
#include "broker/memory_storage.hpp"
#include "tests/worlds/broker_world.hpp"

namespace baton::internal::broker::test {
namespace {

using Bodies = std::vector<std::string>;

CoreSettings one_attempt() {
  CoreSettings settings;
  settings.max_attempts = 1;
  return settings;
}

/// A consumer gets the one item that is ready, and fails it.
void kill_next(Client& consumer, const std::string& body, const std::string& why = "no reason") {
  consumer.request();
  REQUIRE(consumer.received() == Bodies{body});
  consumer.fail(body, why);
}

TEST_CASE("of all queues' dead items the last ones are kept, whatever their queue") {
  auto settings = one_attempt();
  settings.max_dead_total = 3;
  BrokerWorld world(settings);
  const auto dies = [&](std::uint8_t n, const std::string& queue, const std::string& body) {
    auto producer = world.producer(n, "", queue);
    auto consumer = world.consumer(static_cast<std::uint8_t>(n + 1), {queue});
    producer.put(body);
    kill_next(consumer, body);
    consumer.close();
    producer.close({1});
  };
  dies(1, "mail", "a");
  dies(11, "mail", "b");
  dies(21, "video", "c");
  CHECK(world.core.queues().dead() == 3);
  dies(31, "parcels", "d");
  CHECK(world.core.queues().dead() == 3);
  CHECK(world.core.queues().dead_letters().dropped() == 1);
  CHECK(world.lines.back().find("of all queues 1 was dropped so far") != std::string::npos);
  dies(41, "video", "e");
  const auto& all = world.core.queues().all();
  CHECK(all.find("mail") == all.end());  // nobody uses it, and nothing of it is left
  CHECK(all.at("video")->dead_letters.size() == 2);
  CHECK(all.at("parcels")->dead_letters.size() == 1);
  CHECK(world.core.queues().producers().size() == 3);
}

TEST_CASE("the room for notices is that of whom is away for longest: those are told a count only") {
  auto settings = one_attempt();
  settings.notice_bytes = 500;  // two or three
  BrokerWorld world(settings);
  auto consumer = world.consumer(9);
  for (std::uint8_t n = 1; n <= 6; ++n) {
    auto producer = world.producer(n, "load-" + std::to_string(n));
    producer.put(std::to_string(n));
    producer.close({1});
    kill_next(consumer, std::to_string(n));
  }
  CHECK(world.core.queues().producers().notices().bytes() <= 500);
  auto first = world.producer(11, "load-1"), last = world.producer(16, "load-6");
  CHECK(first.died().empty());
  CHECK(first.confirm().producer.dead == 1);
  CHECK(last.died().size() == 1);
  CHECK(last.confirm().producer.dead == 1);
  first.next_put = {2};
  first.put("more");
  kill_next(consumer, "more");
  CHECK(first.died().size() == 1);  // it is here
}

TEST_CASE("a producer that is away has room for its first notices, where others take the rest") {
  auto settings = one_attempt();
  settings.notice_bytes = 20'000;
  BrokerWorld world(settings);
  auto consumer = world.consumer(9);
  for (std::uint8_t n = 1; n <= 2; ++n) {
    auto producer = world.producer(n, "load-" + std::to_string(n));
    for (int i = 0; i < 100; ++i) producer.put(std::to_string(i));
    producer.close({100});
  }
  for (int i = 0; i < 200; ++i) kill_next(consumer, std::to_string(i % 100));
  CHECK(world.core.queues().producers().notices().bytes() <= 20'000);
  CHECK(world.producer(11, "load-1").died().size() > 20);
  CHECK(world.producer(12, "load-2").died().size() >= 20);
}

TEST_CASE("what a producer has heard from another broker says nothing of this one's notices") {
  BrokerWorld world(one_attempt());
  auto consumer = world.consumer(2);
  auto hello = process_of_load(1);
  auto load = world.client(1, hello);
  load.put("a");
  load.vanish();
  world.advance(5s, {&consumer});
  kill_next(consumer, "a");
  hello.begun = true;
  hello.first_put = {2};
  hello.feed_position = {1};
  hello.previous = Previous{BrokerInstance{6}, load.id};
  auto back = world.client(3, hello);
  CHECK(back.died().size() == 1);
  back.vanish();
  world.advance(5s, {&consumer});
  hello.previous = Previous{world.core.broker_instance(), back.id};
  CHECK(world.client(4, hello).died().empty());
}

TEST_CASE("a notice that waits for its producer has fewer bytes of reasons") {
  BrokerWorld world(one_attempt());
  auto consumer = world.consumer(2);
  auto rick = world.producer(1, "rick");
  rick.put("a");
  rick.put("b");
  kill_next(consumer, "a", std::string(3000, 'x'));
  CHECK(rick.died().at(0).history.at(0).why.size() == 3000);
  rick.close({2});
  kill_next(consumer, "b", std::string(3000, 'x'));
  const auto later = world.producer(3, "rick").died();
  REQUIRE(later.size() == 2);  // nobody said that the first was heard
  CHECK(later[1].history.at(0).why.size() <= 512);
}

TEST_CASE("in memory the histories of very many items are short") {
  MemoryStorage storage;
  StoredItem item;
  const std::vector<FailureRecord> history{{"host/1", std::string(900, 'x'), {}}};
  for (std::uint64_t id = 1; id <= 100'000; ++id) {
    item.id = {id};
    storage.put(item, {}, "x");
    storage.update(item, history);
  }
  CHECK(storage.history({1})[0].why.size() == 900);
  CHECK(storage.history({100'000})[0].consumer == "host/1");
  CHECK(storage.history({100'000})[0].why.size() < 128);
  CHECK(storage.history_bytes() < 48u << 20);
  for (std::uint64_t id = 1; id <= 100'000; ++id) storage.erase({id});
  CHECK(storage.history_bytes() == 0);
}

}  // namespace
}  // namespace baton::internal::broker::test
