// The life of items: who gets what, when, and what becomes of it.
#include "tests/worlds/broker_world.hpp"
#include "tests/worlds/durable_memory.hpp"

namespace baton::internal::broker::test {
namespace {

TEST_CASE("an item goes to the consumer that asks, and is gone when it is acked") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  rick.put("a");
  CHECK(morty.received() == Bodies{});
  morty.request();
  CHECK(morty.received() == Bodies{"a"});
  CHECK_FALSE(world.core.queues().all_settled());
  morty.ack("a");
  CHECK(world.core.queues().all_settled());
}

TEST_CASE("a request that came first is served first, and nobody gets more than they asked for") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto first = world.consumer(2), second = world.consumer(3);
  first.request();
  second.request();
  rick.put("a");
  rick.put("b");
  rick.put("c");
  CHECK(first.received() == Bodies{"a"});
  CHECK(second.received() == Bodies{"b"});
}

TEST_CASE("sessions that ask for many take turns") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto greedy = world.consumer(2), modest = world.consumer(3);
  greedy.request(100);
  modest.request(1);
  rick.put("a");
  rick.put("b");
  rick.put("c");
  CHECK(greedy.received() == Bodies{"a", "c"});
  CHECK(modest.received() == Bodies{"b"});
}

TEST_CASE("higher priorities go first, FIFO within each") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  rick.put("low", 0);
  rick.put("usual 1");
  rick.put("high 1", 9);
  rick.put("usual 2");
  rick.put("high 2", 9);
  morty.request(5);
  CHECK(morty.received() == Bodies{"high 1", "high 2", "usual 1", "usual 2", "low"});
}

TEST_CASE("a delayed item joins its queue when its time has come") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  morty.request(2);
  rick.put("later", default_priority, 1500);
  rick.put("now");
  CHECK(morty.received() == Bodies{"now"});
  world.advance(1499ms, {&rick, &morty});
  CHECK(morty.received() == Bodies{});
  world.advance(1ms, {&rick, &morty});
  CHECK(morty.received() == Bodies{"later"});
}

TEST_CASE("a cancelled request is answered once: by the item that crossed it, or by none") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  morty.request();
  morty.cancel_requests();
  CHECK(morty.received() == Bodies{"none"});
  rick.put("a");
  CHECK(morty.received() == Bodies{});
  morty.request();
  CHECK(morty.received() == Bodies{"a"});
  morty.cancel_requests();  // it crossed the item
  CHECK(morty.received() == Bodies{});
}

TEST_CASE("a released item goes back to the dispatcher, and no failure is counted") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2), summer = world.consumer(3);
  for (const auto* body : {"a", "b", "c", "d"}) rick.put(body);
  morty.request(3);
  CHECK(morty.received() == Bodies{"a", "b", "c"});
  morty.release("c");
  morty.release("a");
  summer.request(3);
  CHECK(summer.attempts() == std::vector{1, 1, 1});
  summer.fail("a");
  summer.request();
  CHECK(summer.attempts() == std::vector{2});
}

TEST_CASE("items that come back are in their old order, before all that wait") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2), summer = world.consumer(3);
  for (const auto* body : {"a", "b", "c", "d"}) rick.put(body);
  morty.prefetch(3);
  morty.received();
  morty.vanish();
  world.advance(reconnect_grace, {&rick, &summer});
  summer.request(4);
  CHECK(summer.received() == Bodies{"a"});  // it may have been begun: it goes alone
  summer.ack("a");
  CHECK(summer.received() == Bodies{"b", "c", "d"});
}

TEST_CASE("an item that fails too often is dead: its producer learns who tried and why") {
  CoreSettings settings;
  settings.max_attempts = 2;
  BrokerWorld world(settings);
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  rick.put("poison");
  morty.request(3);
  morty.received();
  morty.fail("poison", "too bitter");
  CHECK(morty.attempts() == std::vector{2});
  morty.fail("poison", "still bitter");
  CHECK(morty.received() == Bodies{});
  const auto notices = rick.died();
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].body == "poison");
  CHECK(notices[0].failures == 2);
  CHECK(notices[0].history.at(0).why == "too bitter");
  CHECK(notices[0].history.at(1).consumer == "host/2");
  CHECK(rick.confirm().producer.dead == 1);
  CHECK(world.core.queues().all_settled());
}

TEST_CASE("a dead item's history calls a consumer by the name that it gave") {
  CoreSettings settings;
  settings.max_attempts = 1;
  BrokerWorld world(settings);
  auto rick = world.producer(1);
  auto morty = world.consumer(2, {"default"}, "Morty");
  rick.put("poison");
  morty.request();
  morty.received();
  morty.fail("poison");
  CHECK(rick.died().at(0).history.at(0).consumer == "Morty");
}

TEST_CASE("of many failures the last twenty are told") {
  CoreSettings settings;
  settings.max_attempts = 25;
  BrokerWorld world(settings);
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  rick.put("poison");
  for (int attempt = 1; attempt <= 25; ++attempt) {
    morty.request();
    morty.received();
    morty.fail("poison", "why " + std::to_string(attempt));
  }
  const auto notices = rick.died();
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].failures == 25);
  REQUIRE(notices[0].history.size() == 20);
  CHECK(notices[0].history.front().why == "why 6");
  CHECK(notices[0].history.back().why == "why 25");
}

TEST_CASE("a notice has the last failures' reasons, in 4 KiB of them") {
  CoreSettings settings;
  settings.max_attempts = 5;
  BrokerWorld world(settings);
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  rick.put("poison");
  for (char attempt = 'a'; attempt < 'f'; ++attempt) {
    morty.request();
    morty.received();
    morty.fail("poison", std::string(3000, attempt));
  }
  const auto notices = rick.died();
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].failures == 5);
  REQUIRE(notices[0].history.size() == 2);
  CHECK(notices[0].history[0].why.front() == 'd');
  CHECK(notices[0].history[1].why == std::string(3000, 'e'));
  CHECK(notices[0].history[0].why.size() < 1096);
}

TEST_CASE("who does not listen is told of so many dead items by name and of all as a count") {
  CoreSettings settings;
  settings.max_attempts = 1;
  settings.max_notices = 3;
  BrokerWorld world(settings);
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  const auto dies = [&](const std::string& body) {
    rick.put(body);
    morty.request();
    morty.received();
    morty.fail(body);
  };
  for (const auto* body : {"a", "b", "c", "d", "e"}) dies(body);
  CHECK(rick.died().size() == 3);
  CHECK(rick.confirm().producer.dead == 5);
  rick.heartbeat({3});
  dies("f");
  const auto later = rick.died();
  REQUIRE(later.size() == 1);
  CHECK(later[0].body == "f");
}

TEST_CASE("a consumer that holds one item for long and settles many costs no memory for these") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  rick.put("held");
  morty.request();
  morty.received();
  for (int i = 0; i < 3000; ++i) {
    rick.put("x");
    morty.request();
    morty.received();
    morty.ack("x");
  }
  CHECK(world.session(morty).consumer.delivered.size() < 1100);
  morty.ack("held");
  CHECK(world.core.queues().all_settled());
}

TEST_CASE("of a queue's dead items the last ones are kept, all are told of and counted") {
  CoreSettings settings;
  settings.max_attempts = 1;
  settings.max_dead = 2;
  BrokerWorld world(settings);
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  const Bodies poison{"a", "b", "c", "d"};
  morty.request(poison.size());
  for (const auto& body : poison) rick.put(body);
  morty.received();
  for (const auto& body : poison) morty.fail(body);
  CHECK(rick.died().size() == 4);
  CHECK(rick.confirm().producer.dead == 4);
  const auto& queues = world.core.queues();
  CHECK(queues.dead() == 2);
  CHECK(queues.size() == 2);
  CHECK(world.storage.body(queues.all().at("default")->dead_letters.front()) == "c");
  CHECK(queues.all_settled());
}

TEST_CASE(
    "of a queue's dead items those are kept whose bodies fit --max-bytes, and the newest one") {
  auto settings = durable_settings();
  settings.max_attempts = 1;
  settings.max_bytes = 4;
  DurableMemory storage;
  {
    BrokerWorld world(settings, storage, {7});
    auto rick = world.producer(1, "rick");
    auto morty = world.consumer(2);
    const auto dies = [&](const std::string& body) {
      rick.put(body);
      morty.request();
      CHECK(morty.received() == Bodies{body});
      morty.fail(body);
    };
    for (const auto* body : {"aa", "bb", "cc"}) dies(body);
    CHECK(world.core.queues().dead() == 2);
    CHECK(world.lines.back() ==
          "queue default keeps its last 2 dead items, by --max-dead, --max-dead-total or "
          "--max-bytes; of all queues 1 was dropped so far");
    dies("dddd");
    CHECK(world.core.queues().dead() == 1);
    CHECK(rick.confirm().producer.dead == 4);
    dies("e");
    dies("fff");
    CHECK(world.core.queues().dead() == 2);
  }
  settings.max_bytes = 2;
  BrokerWorld world(settings, storage, {8});
  const auto& queues = world.core.queues();
  CHECK(queues.dead() == 1);
  CHECK(storage.body(queues.all().at("default")->dead_letters.front()) == "fff");
  world.core.check_invariants();
}

TEST_CASE("a producer that left is remembered for as long as a dead item of its is kept") {
  CoreSettings settings;
  settings.max_attempts = 1;
  settings.max_dead = 1;
  BrokerWorld world(settings);
  auto morty = world.consumer(2);
  const auto dies = [&](Client& producer, const std::string& body) {
    producer.put(body);
    morty.request();
    morty.received();
    morty.fail(body);
  };
  auto rick = world.producer(1);
  dies(rick, "a");
  rick.close({1});
  CHECK(world.core.queues().producers().size() == 1);
  auto summer = world.producer(3);
  dies(summer, "b");
  CHECK(world.core.queues().producers().size() == 1);
}

TEST_CASE("a failed item may wait before it is tried again") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  rick.put("a");
  morty.request(2);
  morty.received();
  morty.fail("a", "not yet", 500);
  world.advance(499ms, {&rick, &morty});
  CHECK(morty.received() == Bodies{});
  world.advance(1ms, {&rick, &morty});
  CHECK(morty.received() == Bodies{"a"});
}

TEST_CASE("of a run of items those that are held are settled, whatever the others are") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2), summer = world.consumer(3);
  for (const auto* body : {"a", "b", "c", "d"}) rick.put(body);
  for (auto* consumer : {&morty, &summer, &morty, &summer}) consumer->request();
  CHECK(morty.received() == Bodies{"a", "c"});
  std::string entries;
  append_runs(entries, EntryKind::ack, {{morty.got["a"], 4}});
  morty.entry(entries);
  for (const auto* body : {"a", "c"})
    CHECK(world.core.queues().holder_of(morty.got[body]) == nullptr);
  CHECK(morty.refusals() == Bodies{"not_held", "not_held"});
  CHECK(summer.received() == Bodies{"b", "d"});
}

TEST_CASE("nobody settles what they do not hold") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2), thief = world.consumer(3);
  rick.put("a");
  morty.request();
  morty.received();
  thief.got["a"] = morty.got["a"];
  thief.ack("a");
  thief.release("a");
  thief.fail("a");
  CHECK(thief.refusals() == Bodies{"not_held", "not_held", "not_held"});
  thief.got["b"] = ItemId{4'000'000'000};
  thief.ack("b");
  morty.ack("a");
  morty.ack("a");
  CHECK(morty.refusals() == Bodies{"not_held"});
  CHECK(world.core.queues().all_settled());
}

TEST_CASE("a consumer of several queues gets from each in turn, and each item once") {
  BrokerWorld world;
  auto rick = world.producer(1, "", "left"), beth = world.producer(2, "", "right");
  auto morty = world.consumer(3, {"left", "right"});
  for (const auto* body : {"l1", "l2"}) rick.put(body);
  for (const auto* body : {"r1", "r2"}) beth.put(body);
  Bodies all;
  for (int i = 0; i < 4; ++i) {
    morty.request();
    const auto one = morty.received();
    REQUIRE(one.size() == 1);
    all.push_back(one[0]);
  }
  CHECK(all == Bodies{"l1", "r1", "l2", "r2"});
  morty.request();
  beth.put("r3");
  rick.put("l3");
  CHECK(morty.received() == Bodies{"r3"});
}

TEST_CASE(
    "what was delivered on a delivery link that broke is taken back, no failure counted, and given "
    "on the next") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  for (const auto* body : {"a", "b", "c"}) rick.put(body);
  morty.request(2);
  CHECK(morty.received() == Bodies{"a", "b"});
  morty.link_lost(1, SeqNo{1}, 1);  // only "a" came in
  CHECK(morty.confirm().consumer.link_generation == 2);
  CHECK(morty.attempts() == std::vector{1});
  CHECK(morty.got.contains("b"));
  morty.ack("a");
  morty.ack("b");
  CHECK(morty.refusals() == Bodies{});
  morty.request();
  CHECK(morty.received() == Bodies{"c"});
}

TEST_CASE("a delivery link that cannot be opened again at once costs its consumer nothing") {
  CoreSettings settings;
  settings.max_attempts = 1;
  BrokerWorld world(settings);
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  for (const auto* body : {"a", "b", "c"}) rick.put(body);
  morty.request(2);
  CHECK(morty.received() == Bodies{"a", "b"});
  world.links_left = false;
  morty.link_lost(1, SeqNo{1}, 2);  // "b" did not come in
  world.advance(1s, {&rick, &morty});
  CHECK(morty.confirm().consumer.link_port == 0);
  Hello another;
  another.role = Role::consumer;
  CHECK(world.core.hello(session_id(3), another, world.now) ==
        Refusal::sessions_full);  // morty's turn comes first
  world.links_left = true;
  morty.received();
  world.advance(100ms, {&rick, &morty});
  CHECK(morty.confirm().consumer.link_port != 0);
  CHECK(morty.received() == Bodies{"b", "c"});
  for (const auto* body : {"a", "b", "c"}) morty.ack(body);
  CHECK(morty.refusals() == Bodies{});
  CHECK(rick.confirm().producer.dead == 0);
  CHECK(world.core.queues().all_settled());
}

}  // namespace
}  // namespace baton::internal::broker::test
