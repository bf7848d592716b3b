// What a broker delivers before it is kept, when it dies: the one that has it goes on with it when
// it is put again.
#include "tests/worlds/broker_world.hpp"
#include "tests/worlds/durable_memory.hpp"

namespace baton::internal::broker::test {
namespace {

Hello again_of(std::uint8_t n, SeqNo last_put) {
  Hello hello;
  hello.role = Role::producer;
  hello.name = "producer " + std::to_string(n);
  hello.queues = {"default"};
  hello.previous = Previous{BrokerInstance{7}, session_id(n)};
  hello.begun = true;
  hello.last_put = last_put;
  return hello;
}

/// The disk of a broker that died when it had put nothing there but its broker instance.
struct NothingStored : DurableMemory {
  NothingStored() { BrokerWorld world(durable_settings(), *this, {7}); }
};

/// As that broker named it: "a" was put number 1 of producer 1.
PutName put_name() {
  DurableMemory storage;
  BrokerWorld world(durable_settings(), storage, {7});
  auto rick = world.producer(1), morty = world.consumer(2);
  storage.most_puts = storage.turn();
  rick.put("a");
  morty.request();
  PutName put;
  for (const auto& message : world.link_messages[morty.id]) {
    EntryReader in(std::string_view(message.bytes).substr(header_size));
    for (Entry entry; in.next(entry);) put = read_delivery(entry).put;
  }
  return put;
}

constexpr ItemId old_id{77};  // what that broker called it

struct Scene : NothingStored {
  Scene() : world(durable_settings(), *this, {8}) {}
  Client reclaimer(std::uint8_t n, std::uint32_t deliveries = 1) {
    auto made =
        world.reclaimer(n, BrokerInstance{7}, session_id(99), {{old_id, 1, deliveries, name}});
    made.got["a"] = old_id;
    return made;
  }
  const PutName name = put_name();
  BrokerWorld world;
};

}  // namespace

TEST_CASE("put reclaims: an item that is not kept yet comes with its put, a kept one without") {
  CHECK(put_name().number == SeqNo{1});
  CHECK(put_name().producer != 0);
  CHECK(put_name() == put_name());
  DurableMemory storage;
  BrokerWorld world(durable_settings(), storage, {7});
  auto rick = world.producer(1), morty = world.consumer(2);
  rick.put("a");
  morty.request();
  EntryReader in(std::string_view(world.link_messages[morty.id].at(0).bytes).substr(header_size));
  Entry entry;
  REQUIRE(in.next(entry));
  CHECK(read_delivery(entry).put == PutName{});
}

TEST_CASE("put reclaims: each item comes with its own put, of several producers and out of order") {
  DurableMemory storage;
  BrokerWorld world(durable_settings(), storage, {7});
  auto rick = world.producer(1), summer = world.producer(3), morty = world.consumer(2);
  storage.most_puts = storage.turn();
  for (const auto* body : {"r1", "r2", "r3"}) rick.put(body);
  for (const auto* body : {"s1", "s2"}) summer.put(body);
  rick.put("r4");
  rick.put("r5", max_priority);  // goes out before the others
  morty.request(8);
  std::map<std::string, PutName> puts;
  for (const auto& message : world.link_messages[morty.id]) {
    PutName before;
    EntryReader in(std::string_view(message.bytes).substr(header_size));
    for (Entry entry; in.next(entry);) {
      const auto delivery = read_delivery(entry, std::exchange(before, PutName{}));
      puts[std::string(delivery.body)] = before = delivery.put;
    }
  }
  REQUIRE(puts.size() == 7);
  CHECK(puts["r1"].producer != puts["s1"].producer);
  for (const auto& [body, put] : puts)
    CHECK(put ==
          PutName{puts[body[0] + std::string("1")].producer, SeqNo{std::stoull(body.substr(1))}});
}

TEST_CASE("put reclaims: half a prefetch of short items crosses in one message, kept or not") {
  DurableMemory storage;
  BrokerWorld world(durable_settings(), storage, {7});
  auto rick = world.producer(1), morty = world.consumer(2);
  storage.most_puts = storage.turn();
  for (int i = 0; i < 500; ++i) rick.put(std::string(100, 'x'));
  morty.request(500);
  REQUIRE(world.link_messages[morty.id].size() == 1);
  CHECK(world.link_messages[morty.id][0].count == 500);
}

TEST_CASE("put reclaims: what is put again is its holder's who has reclaimed it") {
  Scene scene;
  auto& world = scene.world;
  auto summer = world.consumer(4);
  summer.request(2);
  auto morty = scene.reclaimer(2);
  auto rick = world.client(1, again_of(1, {2}));
  rick.put("a");
  rick.put("b");
  world.advance(reclaim_window, {&rick, &morty, &summer});
  CHECK(world.session(morty).consumer.held == 1);
  CHECK(morty.lost().empty());
  CHECK(summer.received() == Bodies{"b"});
  morty.ack("a");
  CHECK(world.core.queues().size() == 1);
}

TEST_CASE(
    "put reclaims: what is put again waits for its reclaim, and not longer than the time for "
    "reclaims") {
  Scene scene;
  auto& world = scene.world;
  auto summer = world.consumer(4);
  summer.request(2);
  auto rick = world.client(1, again_of(1, {1}));
  rick.put("a");
  world.advance(1s, {&rick, &summer});
  CHECK(summer.received() == Bodies{});
  SUBCASE("it is reclaimed") {
    auto morty = scene.reclaimer(2);
    world.advance(reclaim_window, {&rick, &morty, &summer});
    CHECK(world.session(morty).consumer.held == 1);
    CHECK(summer.received() == Bodies{});
    morty.fail("a", "no");
    CHECK(summer.tries() == Bodies{"a 2"});
  }
  SUBCASE("nobody reclaims it") {
    world.advance(reclaim_window, {&rick, &summer});
    CHECK(summer.received() == Bodies{"a"});
  }
}

TEST_CASE("put reclaims: what is new waits for nobody") {
  Scene scene;
  auto& world = scene.world;
  auto summer = world.consumer(4);
  summer.request();
  auto rick = world.client(1, again_of(1, {0}));
  rick.put("a");
  CHECK(summer.received() == Bodies{"a"});
}

TEST_CASE(
    "put reclaims: an ack that comes before its put counts, and is confirmed with it, not before") {
  Scene scene;
  auto& world = scene.world;
  auto morty = scene.reclaimer(2);
  morty.ack("a");
  CHECK(morty.confirm().control_received == SeqNo{1});
  auto rick = world.client(1, again_of(1, {1}));
  rick.put("a");
  CHECK(rick.confirm().producer.done == 1);
  CHECK(morty.confirm().control_received == SeqNo{2});
  CHECK(world.core.queues().size() == 0);
}

TEST_CASE("put reclaims: of two the one has it who was given it last, and the other is told") {
  Scene scene;
  auto& world = scene.world;
  auto morty = scene.reclaimer(2), summer = scene.reclaimer(3, 2);
  CHECK(morty.lost() == std::vector{old_id});
  auto rick = world.client(1, again_of(1, {1}));
  rick.put("a");
  CHECK(world.session(summer).consumer.held == 1);
  CHECK(world.session(morty).consumer.held == 0);
}

TEST_CASE(
    "put reclaims: who reclaims what never comes is told that it is lost when the time for it is "
    "over") {
  Scene scene;
  auto& world = scene.world;
  auto morty = scene.reclaimer(2);
  world.advance(reclaim_window - 1s, {&morty});
  CHECK(morty.lost().empty());
  world.advance(2s, {&morty});
  CHECK(morty.lost() == std::vector{old_id});
}

TEST_CASE("put reclaims: they are waited for while they come in, as on a slow line") {
  Scene scene;
  auto& world = scene.world;
  auto summer = world.consumer(4);
  summer.request();
  auto morty = world.announces_reclaims(2, BrokerInstance{7}, session_id(99), 2);
  auto rick = world.client(1, again_of(1, {1}));
  rick.put("a");
  world.advance(reclaim_window + 11s, {&rick, &morty, &summer});
  CHECK(summer.received() == Bodies{});
  morty.reclaim({{old_id, 1, 1, scene.name}});
  CHECK(world.session(morty).consumer.held == 1);
}

TEST_CASE(
    "put reclaims: of the put of an item that this broker has given, and that is gone, nothing is "
    "waited for") {
  Scene scene;
  auto& world = scene.world;
  auto rick = world.client(1, again_of(1, {0}));
  auto morty = world.consumer(2);
  morty.request();
  rick.put("a");
  REQUIRE(morty.received() == Bodies{"a"});
  const auto id = morty.got["a"];
  morty.ack("a");
  auto again = world.reclaimer(3, BrokerInstance{8}, morty.id, {{id, 1, 1, scene.name}});
  CHECK(again.lost() == std::vector{id});
}

TEST_CASE("put reclaims: no more of them wait than a bound, whoever sends them") {
  Scene scene;
  auto& world = scene.world;
  ItemId next{1};
  for (std::uint8_t n = 10; n < 10 + max_put_reclaims / max_requests;
       ++n, next.value += max_requests) {
    auto some =
        world.reclaimer(n, BrokerInstance{7}, session_id(90), {{next, max_requests, 1, {n, {1}}}});
    CHECK(some.lost().empty());
  }
  auto morty = world.reclaimer(2, BrokerInstance{7}, session_id(99), {{next, 1, 1, scene.name}});
  CHECK(morty.lost() == std::vector{next});
}

TEST_CASE(
    "put reclaims: they hold over another end of the broker, also when the put was kept by then") {
  NothingStored storage;
  const auto name = put_name();
  {
    BrokerWorld world(durable_settings(), storage, {8});
    auto rick = world.client(1, again_of(1, {1}));
    rick.put("a");
  }
  BrokerWorld world(durable_settings(), storage, {9});
  auto morty = world.reclaimer(2, BrokerInstance{7}, session_id(99), {{old_id, 1, 1, name}});
  CHECK(morty.lost().empty());
  CHECK(world.session(morty).consumer.held == 1);
}

TEST_CASE("put reclaims: nobody has again what was failed by word since, and waits for its time") {
  NothingStored storage;
  const auto name = put_name();
  {
    BrokerWorld world(durable_settings(), storage, {8});
    auto rick = world.client(1, again_of(1, {1}));
    rick.put("a");
    auto morty = world.reclaimer(2, BrokerInstance{7}, session_id(99), {{old_id, 1, 1, name}});
    REQUIRE(world.session(morty).consumer.held == 1);
    morty.got["a"] = old_id;
    morty.fail("a", "busy", 60'000);
  }
  BrokerWorld world(durable_settings(), storage, {9});
  auto morty = world.reclaimer(2, BrokerInstance{8}, session_id(2), {{old_id, 1, 1, name}});
  CHECK(world.session(morty).consumer.held == 0);
  CHECK(morty.lost() == std::vector{old_id});
}

TEST_CASE(
    "put reclaims: what was failed by word before its put came waits for its time, but is its "
    "holder's who had it since") {
  Scene scene;
  auto& world = scene.world;
  auto morty = scene.reclaimer(2);
  morty.fail("a", "busy", 60'000);
  auto rick = world.client(1, again_of(1, {1}));
  SUBCASE("one with the same count has not") {
    rick.put("a");
    auto summer = scene.reclaimer(3);
    CHECK(world.session(summer).consumer.held == 0);
    CHECK(summer.lost() == std::vector{old_id});
    summer.request();
    for (int i = 0; i < 61; ++i) world.advance(1s, {&rick, &morty, &summer});
    CHECK(summer.received() == Bodies{"a"});
  }
  SUBCASE("reclaimed when it is here") {
    rick.put("a");
    auto summer = scene.reclaimer(3, 2);
    CHECK(world.session(summer).consumer.held == 1);
    CHECK(summer.lost().empty());
    for (int i = 0; i < 61; ++i) world.advance(1s, {&rick, &morty, &summer});
    CHECK(world.session(summer).consumer.held == 1);
  }
  SUBCASE("reclaimed before") {
    auto summer = scene.reclaimer(3, 2);
    CHECK(morty.lost().empty());
    CHECK(morty.confirm().control_received == SeqNo{1});
    rick.put("a");
    CHECK(world.session(summer).consumer.held == 1);
    CHECK(summer.lost().empty());
    CHECK(morty.confirm().control_received == SeqNo{2});
    summer.fail("a", "once more");
    summer.request();
    for (int i = 0; i < 8; ++i) world.advance(1s, {&rick, &morty, &summer});
    CHECK(summer.attempts() == std::vector{3});
  }
  SUBCASE("reclaimed before and given back") {
    auto summer = scene.reclaimer(3, 2);
    summer.release("a");
    rick.put("a");
    CHECK(world.session(summer).consumer.held == 0);
    CHECK(morty.confirm().control_received == SeqNo{2});
    summer.request();
    for (int i = 0; i < 61; ++i) world.advance(1s, {&rick, &morty, &summer});
    CHECK(summer.attempts() == std::vector{2});
  }
}

TEST_CASE("put reclaims: an ack of who had it before another one is too late") {
  Scene scene;
  auto& world = scene.world;
  auto morty = scene.reclaimer(2);
  morty.ack("a");
  auto summer = scene.reclaimer(3, 2);
  CHECK(morty.lost() == std::vector{old_id});
  CHECK(morty.confirm().control_received == SeqNo{2});
  auto rick = world.client(1, again_of(1, {1}));
  rick.put("a");
  CHECK(world.session(summer).consumer.held == 1);
  CHECK(world.core.queues().size() == 1);
}

TEST_CASE(
    "put reclaims: who has closed is answered when what it has settled is here or does not come") {
  Scene scene;
  auto& world = scene.world;
  auto morty = scene.reclaimer(2), rick = world.client(1, again_of(1, {1}));
  bool comes = true;
  SUBCASE("acked") { morty.ack("a"); }
  SUBCASE("failed") { morty.fail("a", "busy"); }
  SUBCASE("failed and reclaimed by another one since") {
    morty.fail("a", "busy");
    scene.reclaimer(3, 2);
  }
  SUBCASE("acked, and its put does not come") {
    morty.ack("a");
    comes = false;
  }
  morty.close();
  CHECK(world.core.find(morty.id) != nullptr);
  if (comes)
    rick.put("a");
  else
    for (int i = 0; i < 8; ++i) world.advance(1s, {&rick});
  world.settle();
  CHECK(world.core.find(morty.id) == nullptr);
}

}  // namespace baton::internal::broker::test
