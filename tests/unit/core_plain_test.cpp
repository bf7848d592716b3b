// The plain endpoints in the core: items without a session, at most once.
#include "broker/dispatcher.hpp"
#include "tests/worlds/broker_world.hpp"

namespace baton::internal::broker::test {
namespace {

CoreSettings with_plain_endpoints(std::uint64_t max_items = 1000) {
  CoreSettings settings;
  settings.plain_queue = "default";
  settings.max_items = max_items;
  return settings;
}

/// What leaves by `out` in a turn in which it has room for so many.
Bodies out(BrokerWorld& world, std::uint32_t room) {
  world.core.plain().set_room(room);
  world.core.end_turn(world.now, true);
  return std::exchange(world.effects.out, {});
}

TEST_CASE("plain endpoints: what comes in goes to who asks, and is settled like any item") {
  BrokerWorld world(with_plain_endpoints());
  auto morty = world.consumer(2);
  world.core.plain().put("a", world.now);
  world.core.plain().put("b", world.now);
  morty.request(2);
  CHECK(morty.received() == Bodies{"a", "b"});
  morty.ack("a");
  morty.fail("b");
  morty.request();
  CHECK(morty.attempts() == std::vector{2});
  morty.ack("b");
  CHECK(world.core.queues().all_settled());
}

TEST_CASE(
    "plain endpoints: out takes in order what nobody asks for, as much as there is room, and it is "
    "done") {
  BrokerWorld world(with_plain_endpoints());
  auto rick = world.producer(1);
  for (const auto* body : {"a", "b", "c"}) rick.put(body);
  CHECK(world.core.plain().has_items());
  CHECK(out(world, 0) == Bodies{});
  CHECK(out(world, 2) == Bodies{"a", "b"});
  CHECK(out(world, 2) == Bodies{"c"});
  CHECK_FALSE(world.core.plain().has_items());
  CHECK(world.core.queues().all_settled());
  world.advance(heartbeat_interval, {&rick});
  CHECK(rick.confirm().producer.done == 3);
}

TEST_CASE("plain endpoints: requests are served before out") {
  BrokerWorld world(with_plain_endpoints());
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  morty.request();
  world.core.plain().set_room(10);
  rick.put("a");
  CHECK(morty.received() == Bodies{"a"});
  CHECK(world.out == Bodies{});
}

TEST_CASE(
    "plain endpoints: in is shut while the queue is full, and opens when half of it is free") {
  BrokerWorld world(with_plain_endpoints(8));
  CHECK(world.core.plain().is_open());
  for (int i = 0; i < 8; ++i) world.core.plain().put("x", world.now);
  CHECK_FALSE(world.core.plain().is_open());
  out(world, 3);
  CHECK_FALSE(world.core.plain().is_open());
  out(world, 1);
  CHECK(world.core.plain().is_open());
}

TEST_CASE(
    "plain endpoints: a body beyond the limit is refused, dead items of nobody are kept all the "
    "same") {
  auto settings = with_plain_endpoints();
  settings.max_attempts = 1;
  BrokerWorld world(settings);
  CHECK(world.core.plain().put(std::string(max_body + 1, 'x'), world.now) == Refusal::too_large);
  auto morty = world.consumer(2);
  world.core.plain().put("a", world.now);
  morty.request();
  morty.received();
  morty.fail("a", "too hot");
  CHECK(world.core.queues().dead() == 1);
}

TEST_CASE("plain endpoints: what is refused there is counted, and takes nothing from the others") {
  MemoryStorage storage;
  Time now{1h};
  Dispatcher dispatcher(with_plain_endpoints(), BrokerInstance{7}, storage, now);
  dispatcher.on_in(std::string(max_body + 1, 'x'), now);
  dispatcher.on_frames({}, now);  // a message of several parts
  dispatcher.on_in("a", now);
  CHECK(dispatcher.core().refused(Refusal::too_large) == 1);
  CHECK(dispatcher.core().refused(Refusal::frames) == 1);
  CHECK(dispatcher.core().queues().size() == 1);
}

}  // namespace
}  // namespace baton::internal::broker::test
