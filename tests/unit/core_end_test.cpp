// The broker's pure core: how it ends, with those who come late, stand still or never come.
#include "tests/worlds/broker_world.hpp"

namespace baton::internal::broker::test {
namespace {

TEST_CASE(
    "the tutorial's parent: when all is done everybody is told to leave, and its line is the "
    "last") {
  CoreSettings settings;
  settings.end.exit_when_done = true;
  settings.end.producers = 1;
  settings.end.consumers = 1;
  BrokerWorld world(settings);
  auto printer = world.printer(3);
  auto rick = world.producer(1);
  rick.put("a");
  rick.close(SeqNo{1});
  CHECK_FALSE(printer.confirm().shutdown);
  auto morty = world.consumer(2);
  morty.request();
  morty.received();
  CHECK_FALSE(morty.confirm().shutdown);
  morty.print("got a\n");
  morty.ack("a");
  CHECK(morty.confirm().shutdown);
  CHECK_FALSE(printer.confirm().shutdown);
  morty.close();
  CHECK(printer.confirm().shutdown);
  CHECK(printer.lines() == Bodies{"got a\n", "Parent process exiting...\n"});
  CHECK_FALSE(world.effects.finished);
  printer.heartbeat(SeqNo{2});
  printer.close();
  CHECK(world.effects.finished);
  CHECK(world.effects.exit_code == 0);
}

TEST_CASE("shut down: everybody is told to leave, whatever is left to do, and printers last") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto printer = world.printer(2);
  rick.put("a");
  world.core.shut_down(world.now);
  world.settle();
  CHECK(rick.confirm().shutdown);
  CHECK_FALSE(printer.confirm().shutdown);
  rick.close(SeqNo{1});
  CHECK(printer.confirm().shutdown);
  printer.close();
  CHECK(world.effects.finished);
  CHECK(world.effects.exit_code == 0);
}

TEST_CASE(
    "the tutorial's parent waits neither for ever for a printer nor for consumers that never "
    "come") {
  CoreSettings settings;
  settings.end.exit_when_done = true;
  settings.end.producers = 1;
  settings.end.consumers = 2;
  settings.max_attempts = 1;
  BrokerWorld world(settings);
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  rick.put("poison");
  morty.request();
  morty.received();
  morty.fail("poison");
  rick.close(SeqNo{1});
  world.advance(settings.end.not_coming - 1ms, {&morty});
  CHECK_FALSE(morty.confirm().shutdown);
  world.advance(1ms, {&morty});
  CHECK(morty.confirm().shutdown);
  morty.close();
  world.advance(settings.end.print_within - 1ms);
  CHECK_FALSE(world.effects.finished);
  world.advance(1ms);
  CHECK(world.effects.finished);
  CHECK(world.effects.exit_code == 3);
}

TEST_CASE(
    "the tutorial's parent gives those who do not leave their time, and no more, it wakes up for "
    "that") {
  CoreSettings settings;
  settings.end.exit_when_done = true;
  settings.end.producers = 1;
  settings.end.consumers = 2;
  BrokerWorld world(settings);
  auto printer = world.printer(3);
  auto morty = world.consumer(2);
  world.advance(300ms, {&morty, &printer});  // not at a heartbeat
  const auto begin = world.now;
  auto rick = world.producer(1);
  rick.close();
  world.advance(settings.end.not_coming - 100ms, {&morty, &printer});
  CHECK(world.core.next_deadline() == begin + settings.end.not_coming);
  world.advance(100ms, {&morty, &printer});
  CHECK(morty.confirm().shutdown);
  world.advance(settings.end.leave_within - 1ms, {&morty, &printer});
  CHECK_FALSE(printer.confirm().shutdown);
  world.advance(1ms, {&morty, &printer});
  CHECK(printer.confirm().shutdown);
  printer.heartbeat(SeqNo{1});
  CHECK_FALSE(world.effects.finished);
  printer.close();
  CHECK(world.effects.finished);
}

}  // namespace
}  // namespace baton::internal::broker::test
