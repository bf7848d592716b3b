// What was begun when its holder is lost: that alone counts, and goes alone from then on.
#include "tests/worlds/broker_world.hpp"

using namespace baton::internal;
using namespace baton::internal::broker;
using namespace baton::internal::broker::test;

namespace {

void put(Client& rick, const Bodies& bodies) {
  for (const auto& body : bodies) rick.put(body);
}

}  // namespace

TEST_CASE(
    "suspects: what was prefetched and not begun when its holder dies is not counted, and goes "
    "on") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2), summer = world.consumer(3), jerry = world.consumer(4);
  put(rick, {"a", "b", "c", "d"});
  morty.prefetch(4, {}, 1);
  CHECK(morty.received() == Bodies{"a", "b", "c", "d"});
  morty.vanish();
  world.advance(reconnect_grace, {&rick, &summer, &jerry});
  summer.prefetch(4);
  CHECK(summer.tries() == Bodies{"a 2"});  // alone
  jerry.prefetch(4);
  CHECK(jerry.tries() == Bodies{"b 1", "c 1", "d 1"});
  rick.put("e");
  CHECK(summer.received() == Bodies{});
  summer.ack("a");
  jerry.ack("b");
  CHECK(summer.received().size() + jerry.received().size() ==
        1);  // who of them is first does not matter
}

TEST_CASE(
    "suspects: what was told to be begun has failed, what only may have been begun goes alone "
    "first") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2), summer = world.consumer(3);
  put(rick, {"a", "b", "c", "d", "e"});
  morty.prefetch(5, {}, 2);   // two gets wait
  morty.prefetch(0, {3}, 0);  // a third one was begun
  CHECK(morty.received().size() == 5);
  morty.ack("a");
  morty.ack("b");
  morty.ack("c");
  morty.vanish();  // it may have begun two more
  world.advance(reconnect_grace, {&rick, &summer});
  for (const auto* alone : {"d", "e"}) {
    summer.prefetch(1);
    CHECK(summer.tries() == Bodies{std::string(alone) + " 1"});
    if (std::string(alone) == "d") summer.ack("d");
  }
  summer.vanish();  // with a suspect in hand, whatever it had told
  world.advance(reconnect_grace, {&rick});
  auto jerry = world.consumer(4);
  jerry.request();
  CHECK(jerry.tries() == Bodies{"e 2"});
}

TEST_CASE(
    "suspects: what ends each process that begins it is dead in the end, and nothing else is "
    "counted") {
  CoreSettings settings;
  settings.max_attempts = 3;
  BrokerWorld world(settings);
  auto rick = world.producer(1);
  put(rick, {"poison", "a", "b"});
  for (std::uint8_t n = 2; n < 5; ++n) {
    auto morty = world.consumer(n);
    morty.prefetch(3, {}, 1);
    CHECK(morty.received() == (n == 2 ? Bodies{"poison", "a", "b"} : Bodies{"poison"}));
    morty.vanish();
    world.advance(reconnect_grace, {&rick});
  }
  CHECK(rick.died().size() == 1);
  auto summer = world.consumer(9);
  summer.prefetch(3);
  CHECK(summer.tries() == Bodies{"a 1", "b 1"});
}

TEST_CASE("suspects: while all who ask hold something one of them is kept free, and others go on") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2), summer = world.consumer(3), jerry = world.consumer(4);
  rick.put("suspect");
  morty.request();
  put(rick, {"a", "b", "c", "d"});
  summer.prefetch(2);
  jerry.prefetch(2);
  CHECK(summer.received() == Bodies{"a", "b"});
  CHECK(jerry.received() == Bodies{"c", "d"});
  summer.ack("a");
  morty.vanish();
  world.advance(reconnect_grace, {&rick, &summer, &jerry});
  jerry.prefetch(2);
  summer.prefetch(2);
  put(rick, {"e", "f", "g", "h"});
  // Jerry asked first and was taken for it; then Summer, who is given what is ready.
  CHECK(jerry.received() == Bodies{});
  CHECK(summer.received() == Bodies{"e", "f"});
  jerry.ack("c");
  CHECK(jerry.received() == Bodies{});
  jerry.ack("d");
  CHECK(jerry.received() == Bodies{"suspect"});
  jerry.ack("suspect");
  CHECK(jerry.received() == Bodies{"g"});  // it had asked for two
}

TEST_CASE("suspects: one that fails by word is none any more") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  rick.put("a");
  morty.request();
  morty.vanish();
  world.advance(reconnect_grace, {&rick});
  auto summer = world.consumer(3);
  put(rick, {"b", "c"});
  summer.prefetch(3);
  CHECK(summer.received() == Bodies{"a"});
  summer.fail("a");
  CHECK(summer.received() == Bodies{"a", "b"});
}

TEST_CASE("suspects: what its holder takes up again is what it was before") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  rick.put("a");
  morty.request();
  CHECK(morty.tries() == Bodies{"a 1"});
  Hello hello;
  hello.role = Role::consumer;
  hello.queues = {"default"};
  hello.reclaims = 1;
  morty.vanish();
  world.advance(reconnect_grace, {&rick});
  const auto comes_again = [&](std::uint8_t n, const Client& before, std::uint32_t deliveries) {
    hello.previous = Previous{world.core.broker_instance(), before.id};
    auto again = world.client(n, hello);
    again.reclaim({{before.got.at("a"), 1, deliveries}});
    CHECK(world.session(again).consumer.held == 1);
    rick.put("b");
    again.prefetch(1);
    return again;
  };
  SUBCASE("nothing was known against it") {
    auto again = comes_again(3, morty, 1);
    CHECK(again.tries() == Bodies{"b 1"});
  }
  SUBCASE("it had cost a life") {
    auto summer = world.consumer(3);
    summer.request();
    CHECK(summer.tries() == Bodies{"a 2"});
    summer.vanish();
    world.advance(reconnect_grace, {&rick});
    auto again = comes_again(4, summer, 2);
    CHECK(again.received() == Bodies{});
    again.got = summer.got;
    again.ack("a");
    CHECK(again.received() == Bodies{"b"});
  }
}

TEST_CASE("suspects: a higher priority goes before them, and who asks no more frees its place") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2), summer = world.consumer(3);
  rick.put("suspect");
  morty.request();
  rick.put("a");
  summer.prefetch(1);
  morty.vanish();
  world.advance(reconnect_grace, {&rick, &summer});
  summer.prefetch(1);  // kept free
  CHECK(summer.received() == Bodies{"a"});
  rick.put("urgent", 9);
  CHECK(summer.received() == Bodies{});
  summer.cancel_requests();
  CHECK(summer.received() == Bodies{"none"});
  auto jerry = world.consumer(4);
  jerry.request();
  CHECK(jerry.received() == Bodies{"urgent"});
  jerry.ack("urgent");
  jerry.request();
  CHECK(jerry.received() == Bodies{"suspect"});
}

TEST_CASE(
    "suspects: several consumers of one process die together, and what they held goes alone to a "
    "process") {
  CoreSettings settings;
  settings.max_attempts = 3;
  BrokerWorld world(settings);
  auto rick = world.producer(1);
  put(rick, {"poison", "a", "b"});
  for (std::uint8_t life = 0; life < 3; ++life) {
    const auto n = static_cast<std::uint8_t>(10 + 10 * life);
    Client consumers[] = {world.consumer_in(100u + life, n), world.consumer_in(100u + life, n + 1),
                          world.consumer_in(100u + life, n + 2)};
    for (auto& one : consumers) one.request();
    Bodies all;
    for (auto& one : consumers)
      for (const auto& body : one.tries()) all.push_back(body);
    CHECK(all == (life == 0 ? Bodies{"poison 1", "a 1", "b 1"}
                            : Bodies{"poison " + std::to_string(life + 1)}));
    for (auto& one : consumers) {
      one.vanish();
      world.advance(1ms, {&rick});
    }
    world.advance(reconnect_grace, {&rick});
  }
  CHECK(rick.died().size() == 1);
  auto summer = world.consumer_in(7, 50), jerry = world.consumer_in(7, 51);
  for (const auto* body : {"a", "b"}) {  // they have cost one life, perhaps
    summer.request();
    jerry.request();
    auto got = summer.tries();
    auto& holder = got.empty() ? jerry : summer;
    if (got.empty()) got = jerry.tries();
    CHECK(got == Bodies{body + std::string(" 2")});
    holder.ack(body);
  }
}

TEST_CASE(
    "suspects: a process is kept free as a whole, and gets the rest when the suspect is settled") {
  BrokerWorld world;
  auto rick = world.producer(1);
  rick.put("suspect");
  auto morty = world.consumer(2);
  morty.request();
  auto summer = world.consumer_in(7, 3), jerry = world.consumer_in(7, 4),
       beth = world.consumer_in(7, 5);
  put(rick, {"a", "b"});
  summer.request();
  jerry.request();
  CHECK(summer.received() == Bodies{"a"});
  CHECK(jerry.received() == Bodies{"b"});
  morty.vanish();
  world.advance(reconnect_grace, {&rick, &summer, &jerry, &beth});
  beth.request();
  summer.request();
  put(rick, {"c", "d"});
  CHECK(beth.received() == Bodies{});
  summer.ack("a");
  CHECK(summer.received() == Bodies{});
  SUBCASE("who is to get it asks no more") {
    beth.cancel_requests();
    CHECK(beth.received() == Bodies{"none"});
    jerry.ack("b");
    CHECK(summer.received() == Bodies{"suspect"});
    summer.ack("suspect");
    summer.request(2);
    CHECK(summer.received() == Bodies{"c", "d"});
  }
  SUBCASE("all is put down") {
    jerry.ack("b");
    CHECK(beth.received() == Bodies{"suspect"});
    jerry.request();
    CHECK(jerry.received() == Bodies{});
    beth.ack("suspect");
    CHECK(summer.received() == Bodies{"c"});
    CHECK(jerry.received() == Bodies{"d"});
  }
  SUBCASE("another process is free before that") {
    auto space = world.consumer(8);
    space.request();
    CHECK(space.received() == Bodies{"suspect"});
    CHECK(summer.received().size() + beth.received().size() == 2);
  }
}

TEST_CASE(
    "suspects: a process that lost a session gets nothing until another of its sessions is heard") {
  BrokerWorld world;
  auto rick = world.producer(1);
  rick.put("a");
  auto summer = world.consumer_in(7, 3), jerry = world.consumer_in(7, 4);
  summer.request();
  CHECK(summer.received() == Bodies{"a"});
  jerry.request();
  summer.vanish();
  world.advance(reconnect_grace, {&rick});
  rick.put("b");
  CHECK(jerry.received() == Bodies{});
  jerry.heartbeat();
  world.settle();
  CHECK(jerry.tries() == Bodies{"a 2"});
  jerry.ack("a");
  jerry.request();
  CHECK(jerry.received() == Bodies{"b"});
}

TEST_CASE(
    "suspects: who is kept free for one gets it before what has a higher priority and came later") {
  BrokerWorld world;
  auto rick = world.producer(1);
  rick.put("suspect");
  auto morty = world.consumer(2);
  morty.request();
  auto summer = world.consumer(3);
  put(rick, {"a", "b"});
  summer.request(2);
  summer.received();
  morty.vanish();
  world.advance(reconnect_grace, {&rick, &summer});
  summer.request(2);
  for (int i = 0; i < 3; ++i) rick.put("urgent " + std::to_string(i), 9);
  CHECK(summer.received() == Bodies{});
  summer.ack("a");
  CHECK(summer.received() == Bodies{});
  SUBCASE("nobody else asks") {
    summer.ack("b");
    CHECK(summer.received() == Bodies{"suspect"});
    summer.ack("suspect");
    CHECK(summer.received() == Bodies{"urgent 0"});
  }
  SUBCASE("another one asks") {
    auto jerry = world.consumer(4);
    jerry.request();
    CHECK(jerry.received() == Bodies{"urgent 0"});
    summer.ack("b");
    CHECK(summer.received() == Bodies{"suspect"});
  }
}

TEST_CASE("suspects: who does not say which process he is has one of his own") {
  BrokerWorld world;
  auto rick = world.producer(1);
  Hello hello;
  hello.role = Role::consumer;
  hello.queues = {"default"};
  const auto nameless = [&](std::uint8_t n) {
    world.core.subscribed(session_id(n), world.now);
    REQUIRE(world.core.hello(session_id(n), hello, world.now) == Refusal::none);
    world.settle();
    return Client{world, session_id(n), Role::consumer};
  };
  auto morty = nameless(2), summer = nameless(3), jerry = nameless(4);
  rick.put("suspect");
  morty.request();
  rick.put("a");
  summer.request();
  CHECK(summer.received() == Bodies{"a"});
  morty.vanish();
  world.advance(reconnect_grace, {&rick, &summer, &jerry});
  jerry.request();
  CHECK(jerry.received() == Bodies{"suspect"});
}
