// The broker's pure core over a storage that keeps: what the next broker goes on with.
#include "tests/worlds/broker_world.hpp"
#include "tests/worlds/durable_memory.hpp"

namespace baton::internal::broker::test {
namespace {

/// A storage that has restored items "a", "b" and "c" of a broker before.
struct ThreeStored : DurableMemory {
  ThreeStored() {
    BrokerWorld world(durable_settings(), *this, {7});
    auto rick = world.producer(1, "rick");
    for (const auto* body : {"a", "b", "c"}) rick.put(body);
  }
};

/// A consumer that held these of that broker.
Client holder(BrokerWorld& world, std::uint8_t n, const std::vector<Reclaim>& held) {
  return world.reclaimer(n, BrokerInstance{7}, session_id(99), held);
}

TEST_CASE("kept items are delivered in order when the time for reclaims is over, not before") {
  ThreeStored storage;
  BrokerWorld world(durable_settings(), storage, {8});
  auto morty = world.consumer(1);
  morty.request(3);
  world.advance(reclaim_window - 1ms, {&morty});
  CHECK(morty.received() == Bodies{});
  world.advance(1ms, {&morty});
  CHECK(morty.received() == Bodies{"a", "b", "c"});
}

TEST_CASE(
    "a broker that waits for reclaims takes what is put as always and hands it off afterwards") {
  ThreeStored storage;
  auto settings = durable_settings();
  settings.max_items = 100;
  BrokerWorld world(settings, storage, {8});
  auto summer = world.producer(1, "summer", "fresh");
  auto morty = world.consumer(2, {"fresh"});
  morty.request(2);
  const auto first_credit = summer.confirm().producer.put_credit;
  REQUIRE(first_credit == SeqNo{50});
  for (std::uint64_t i = 0; i < first_credit.value; ++i) summer.put(std::to_string(i));
  const auto confirm = summer.confirm();
  CHECK(confirm.producer.put_received == first_credit);
  CHECK(confirm.producer.put_credit > first_credit);
  CHECK(confirm.producer.put_held == Held::nothing);
  CHECK(morty.received() == Bodies{});
  world.advance(reclaim_window, {&summer, &morty});
  CHECK(morty.received() == Bodies{"0", "1"});
}

TEST_CASE("a broker that waits for reclaims gives producers no more room than the queue has") {
  ThreeStored storage;
  auto settings = durable_settings();
  settings.max_items = 4;
  BrokerWorld world(settings, storage, {8});
  auto summer = world.producer(1, "summer");  // one more than the three that were kept
  summer.put("d");
  const auto confirm = summer.confirm();
  CHECK(confirm.producer.put_held == Held::queue_items);
  CHECK(confirm.producer.put_credit == SeqNo{1});
  auto morty = world.consumer(2);
  morty.request();
  world.advance(reclaim_window, {&summer, &morty});
  CHECK(morty.received() == Bodies{"a"});
  morty.ack("a");
  CHECK(summer.confirm().producer.put_credit == SeqNo{2});
}

TEST_CASE(
    "what was put before the crash comes in while reclaims are awaited, though newcomers have "
    "filled the queue") {
  ThreeStored storage;
  auto settings = durable_settings();
  settings.max_items = 5;
  BrokerWorld world(settings, storage, {8});
  auto summer = world.producer(1, "summer");
  summer.put("e");
  summer.put("f");
  Hello hello = process_of_load(2);
  hello.name = "rick";
  hello.begun = true;
  hello.previous = Previous{BrokerInstance{7}, session_id(1)};
  hello.first_put = {4};
  hello.last_put = {4};
  auto rick = world.client(2, hello);
  rick.next_put = {4};
  rick.put("d");
  CHECK(rick.confirm().producer.put_received == SeqNo{4});
  rick.put("not before the crash");
  CHECK(rick.confirm().producer.put_received == SeqNo{4});
}

TEST_CASE("a producer is told how much of what was confirmed to it is not in the data") {
  ThreeStored storage;
  BrokerWorld world(durable_settings(), storage, {8});
  Hello hello = process_of_load(2);
  hello.name = "rick";
  hello.begun = true;
  hello.previous = Previous{BrokerInstance{7}, session_id(1)};
  std::uint64_t unknown = 0;
  SUBCASE("all is") { hello.first_put = {4}; }
  SUBCASE("two are not: it is an older copy") {
    hello.first_put = {6};
    unknown = 2;
  }
  SUBCASE("none is: it was emptied") {
    hello.name = "morty";
    hello.previous->broker_instance = {5};
    hello.first_put = {6};
    unknown = 5;
  }
  SUBCASE("none is, in the same data: all was settled, and forgotten") {
    hello.name = "morty";
    hello.first_put = {6};
  }
  auto rick = world.client(2, hello);
  CHECK(world.session(rick).welcome.put_unknown == unknown);
  auto again = world.client(3, hello);  // the first welcome was not heard
  CHECK(world.session(again).welcome.put_unknown == unknown);
}

TEST_CASE("who was a client of the broker before finds a place though others came first") {
  ThreeStored storage;
  auto settings = durable_settings();
  settings.max_sessions = 2;
  BrokerWorld world(settings, storage, {8});
  auto first = world.consumer(1), second = world.consumer(2);
  Hello hello;
  hello.role = Role::consumer;
  hello.queues = {"default"};
  const auto says_hello = [&](int n) {
    return world.core.hello(session_id(static_cast<std::uint8_t>(n)), hello, world.now);
  };
  CHECK(says_hello(3) == Refusal::sessions_full);
  hello.previous = Previous{BrokerInstance{6}, session_id(9)};
  CHECK(says_hello(3) == Refusal::sessions_full);
  hello.previous = Previous{BrokerInstance{7}, session_id(9)};
  for (const int n : {3, 4}) CHECK(says_hello(n) == Refusal::none);  // of the newcomers
  world.settle();
  CHECK(first.refusals() == Bodies{"sessions_full"});
  CHECK(second.refusals() == Bodies{"sessions_full"});
  CHECK(world.core.session_count() == 2);
  for (const int n : {5, 6}) CHECK(says_hello(n) == Refusal::none);  // at most as many again
  CHECK(says_hello(7) == Refusal::sessions_full);
}

TEST_CASE("where only dead items were kept nobody is waited for") {
  auto settings = durable_settings();
  settings.max_attempts = 1;
  DurableMemory storage;
  {
    BrokerWorld world(settings, storage, {7});
    auto rick = world.producer(1, "rick");
    auto morty = world.consumer(2);
    rick.put("poison");
    morty.request();
    morty.received();
    morty.fail("poison");
    REQUIRE(world.core.queues().dead() == 1);
  }
  BrokerWorld world(settings, storage, {8});
  auto summer = world.producer(1, "summer");
  auto morty = world.consumer(2);
  morty.request();
  summer.put("new");
  CHECK(morty.received() == Bodies{"new"});
}

TEST_CASE(
    "reclaims are waited for from the first turn on, however long loading took, and what the "
    "broker stood still") {
  ThreeStored storage;
  BrokerWorld world(durable_settings(), storage, {8});
  world.now += 2 * reclaim_window;
  auto morty = world.consumer(1);
  morty.request(3);
  world.advance(reclaim_window / 2, {&morty});
  world.now += 2 * reclaim_window;
  auto summer = holder(world, 2, {{{2}, 1, 1}});
  CHECK(morty.received() == Bodies{});
  world.advance(reclaim_window, {&morty, &summer});
  CHECK(morty.received() == Bodies{"a", "c"});
}

TEST_CASE("who held a kept item goes on with it, and nobody else gets it") {
  ThreeStored storage;
  BrokerWorld world(durable_settings(), storage, {8});
  auto morty = world.consumer(1), summer = holder(world, 2, {{{2}, 1, 1}});
  morty.request(3);
  world.advance(reclaim_window, {&morty, &summer});
  CHECK(morty.received() == Bodies{"a", "c"});
}

/// A storage that has kept item "a" of a broker before, which one consumer had lost to another.
struct GivenTwice : DurableMemory {
  GivenTwice() {
    BrokerWorld world(durable_settings(), *this, {7});
    auto rick = world.producer(1, "rick");
    auto morty = world.consumer(2), summer = world.consumer(3);
    rick.put("a");
    morty.request();
    morty.received();
    world.advance(session_timeout, {&rick, &summer});
    summer.request();
    CHECK(summer.deliveries() == std::vector{2});
  }
};

TEST_CASE("of two who reclaim an item after a crash the one has it who was given it last") {
  GivenTwice storage;
  BrokerWorld world(durable_settings(), storage, {8});
  auto morty = holder(world, 2, {{{1}, 1, 1}}), summer = holder(world, 3, {{{1}, 1, 2}});
  CHECK(morty.lost() == std::vector{ItemId{1}});
  CHECK(summer.lost().empty());
  morty.got["a"] = {1};
  morty.ack("a");
  CHECK(morty.refusals() == Bodies{"not_held"});
  CHECK(world.session(summer).consumer.held == 1);
}

TEST_CASE("an item that came back goes out when it is kept that it did, not before") {
  DurableMemory storage;
  BrokerWorld world(durable_settings(), storage, {7});
  auto rick = world.producer(1, "rick");
  auto morty = world.consumer(2), summer = world.consumer(3);
  rick.put("a");
  morty.request();
  morty.received();
  storage.most_settles = storage.turn();
  summer.request();
  world.advance(session_timeout, {&rick, &summer});
  CHECK(summer.received() == Bodies{});
  SUBCASE("kept") {
    storage.most_settles = UINT64_MAX;
    world.settle();
    CHECK(summer.deliveries() == std::vector{2});
  }
  SUBCASE("reclaimed before that by who lost it") {
    auto back = world.reclaimer(4, BrokerInstance{7}, morty.id, {{morty.got["a"], 1, 1}});
    CHECK(back.lost().empty());
    storage.most_settles = UINT64_MAX;
    world.settle();
    CHECK(summer.received() == Bodies{});
  }
}

TEST_CASE(
    "a reclaim under a higher count than is kept takes the item from who was granted it under the "
    "lower one") {
  ThreeStored storage;
  BrokerWorld world(durable_settings(), storage, {8});
  auto morty = holder(world, 2, {{{1}, 1, 1}});
  CHECK(morty.lost().empty());
  auto summer = holder(world, 3, {{{1}, 1, 2}});
  CHECK(summer.lost().empty());
  CHECK(morty.lost() == std::vector{ItemId{1}});
  CHECK(world.session(summer).consumer.held == 1);
}

TEST_CASE(
    "while a session's reclaims are still coming in, kept items wait, but not without an end") {
  ThreeStored storage;
  BrokerWorld world(durable_settings(), storage, {8});
  auto morty = world.consumer(1);
  morty.request(3);
  auto summer = world.announces_reclaims(2, BrokerInstance{7}, session_id(99), 2);
  summer.reclaim({{{1}, 1, 1}});
  world.advance(reclaim_window + 5s, {&morty, &summer});
  CHECK(morty.received() == Bodies{});
  SUBCASE("they are in") {
    summer.reclaim({{{2}, 1, 1}});
    world.advance(1s, {&morty, &summer});
    CHECK(morty.received() == Bodies{"c"});
  }
  SUBCASE("the session is lost") {
    world.advance(session_timeout, {&morty});
    CHECK(morty.received() == Bodies{"b", "c"});
    morty.ack("b");
    CHECK(morty.received() == Bodies{});
    morty.ack("c");
    CHECK(morty.received() == Bodies{"a"});  // it was begun: it goes alone
  }
  SUBCASE("they never come") {
    world.advance(reclaim_at_latest, {&morty, &summer});
    CHECK(morty.received() == Bodies{"b", "c"});
  }
}

TEST_CASE("the reclaim of an item that was not kept, or that is newer, is not heard") {
  ThreeStored storage;
  BrokerWorld world(durable_settings(), storage, {8});
  auto rick = world.producer(1, "rick");
  rick.next_put = {4};
  rick.put("new");
  auto summer = holder(world, 2, {{{3}, 2, 1}, {{1ull << 32}, 1, 1}});
  CHECK(summer.lost() == std::vector{ItemId{4}, ItemId{1ull << 32}});
  auto morty = world.consumer(3);
  morty.request(4);
  world.advance(reclaim_window, {&morty, &summer, &rick});
  CHECK(morty.received() == Bodies{"a", "b", "new"});
}

TEST_CASE("what is said of an item of a broker that is forgotten settles nothing at the next one") {
  const auto given_by = [](BrokerWorld& world) {
    world.producer(1).put("an item");
    auto morty = world.consumer(2);
    morty.request();
    CHECK(morty.received() == Bodies{"an item"});
    return morty.got["an item"];
  };
  for (const bool durable : {false, true}) {  // with a directory that was deleted
    CAPTURE(durable);
    MemoryStorage memory, memory_too;
    DurableMemory disk, disk_too;
    BrokerWorld before(durable ? durable_settings() : CoreSettings(),
                       durable ? static_cast<Storage&>(disk) : memory, {0x1111ull << 44});
    const auto old = given_by(before);
    BrokerWorld now(durable ? durable_settings() : CoreSettings(),
                    durable ? static_cast<Storage&>(disk_too) : memory_too, {0x2222ull << 44});
    const auto present = given_by(now);
    CHECK(now.core.queues().holder_of(present) != nullptr);
    CHECK(now.core.queues().holder_of(old) == nullptr);
    CHECK(std::max(old, present) < ItemId{1ull << 53});  // exact as a JSON number everywhere
  }
}

TEST_CASE(
    "queues that consumers named and that had no item do not keep the next broker from starting") {
  DurableMemory storage;
  {
    BrokerWorld world(durable_settings(), storage, {7});
    world.consumer(1, {"empty", "full"});
    auto rick = world.producer(2, "rick", "full");
    rick.put("a");
  }
  BrokerWorld world(durable_settings(), storage, {8});
  auto morty = world.consumer(3, {"empty", "full"});
  morty.request();
  world.advance(reclaim_window, {&morty});
  CHECK(morty.received() == Bodies{"a"});
}

TEST_CASE("a cancelled request gets no item that another consumer may still reclaim") {
  DurableMemory storage;
  {
    BrokerWorld world(durable_settings(), storage, {7});
    auto rick = world.producer(1, "rick");
    rick.put("a");
  }
  BrokerWorld world(durable_settings(), storage, {8});
  auto morty = world.consumer(2);
  morty.request();
  morty.cancel_requests();
  CHECK(morty.received() == Bodies{"none"});
}

TEST_CASE("the plain endpoint gives out no item that a consumer may still reclaim") {
  auto settings = durable_settings();
  settings.plain_queue = "default";
  DurableMemory storage;
  {
    BrokerWorld world(settings, storage, {7});
    auto rick = world.producer(1, "rick");
    rick.put("a");
  }
  BrokerWorld world(settings, storage, {8});
  world.core.plain().set_room(1);
  world.core.end_turn(world.now, true);
  CHECK(world.effects.out.empty());
}

TEST_CASE("join: what is done counts when that is kept, not before") {
  DurableMemory storage;
  BrokerWorld world(durable_settings(), storage, {7});
  auto rick = world.producer(1, "rick");
  auto morty = world.consumer(2);
  for (const auto* body : {"a", "b"}) rick.put(body);
  rick.join();
  morty.request(2);
  morty.received();
  storage.most_settles = storage.turn();
  morty.ack("a");
  const auto first = storage.turn();
  morty.ack("b");
  world.advance(heartbeat_interval, {&rick, &morty});
  CHECK(rick.confirm().producer.done == 0);
  storage.most_settles = first;
  world.advance(heartbeat_interval, {&rick, &morty});
  CHECK(rick.confirm().producer.done == 1);
  storage.most_settles = UINT64_MAX;
  world.settle();
  CHECK(rick.confirm().producer.done == 2);  // at once, since it joins
}

TEST_CASE("what died on a full disk counts for its producer at the next broker") {
  auto settings = durable_settings();
  settings.max_attempts = 1;
  DurableMemory storage, before;
  {
    BrokerWorld world(settings, storage, {7});
    auto rick = world.client(1, process_of_load(1));
    auto morty = world.consumer(2);
    rick.put("a");
    before = storage;
    morty.request();
    morty.received();
    morty.fail("a");
    storage.lose_producers(before);
  }
  BrokerWorld world(settings, storage, {8});
  const auto confirm = world.client(3, process_of_load(3)).confirm();
  CHECK(confirm.producer.accepted == 1);
  CHECK(confirm.producer.dead == 1);
}

}  // namespace
}  // namespace baton::internal::broker::test
