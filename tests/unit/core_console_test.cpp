// The broker's pure core: the console log and those who print it.
#include "tests/worlds/broker_world.hpp"

namespace baton::internal::broker::test {
namespace {

/// So that what it says again is known again.
Hello hello_with_instance() {
  Hello hello;
  hello.role = Role::consumer;
  hello.queues = {"default"};
  hello.instance = 77;
  return hello;
}

TEST_CASE(
    "console lines reach every printer whole and in order, one that comes late gets what was said "
    "before") {
  BrokerWorld world;
  auto morty = world.consumer(1);
  morty.print("one\n");
  auto early = world.printer(2);
  CHECK(early.lines() == Bodies{"one\n"});
  morty.print("two\nthree\n");
  CHECK(early.lines() == Bodies{"two\nthree\n"});
  auto late = world.printer(3);
  CHECK(late.lines() == Bodies{"one\n", "two\nthree\n"});
  early.heartbeat(SeqNo{2});
  early.close();
  morty.print("four\n");
  auto next = world.printer(4);
  CHECK(next.lines() == Bodies{"four\n"});
}

TEST_CASE("a printer is sent no more than its window beyond what it has printed") {
  BrokerWorld world;
  auto morty = world.consumer(1);
  auto printer = world.printer(2);
  const std::string block(print_part_bytes, 'x');
  for (int i = 0; i < 300; ++i) morty.print(block);
  CHECK(printer.lines().size() == console_window_bytes / print_part_bytes + 1);
  printer.heartbeat(SeqNo{5});
  CHECK(printer.lines().size() == 5);
}

TEST_CASE("a long block is told in parts, in short messages") {
  BrokerWorld world;
  auto morty = world.consumer(1);
  auto printer = world.printer(2);
  const std::string block(max_print, 'x');
  morty.print(block);
  std::size_t messages = 0;
  for (const auto& notification : world.notifications_of[printer.id])
    if (notification[4] == static_cast<char>(MessageType::console)) {
      ++messages;
      CHECK(notification.size() <= small_pack_bytes);
    }
  CHECK(messages == (max_print + print_part_bytes - 1) / print_part_bytes);
  CHECK(printer.lines() == Bodies{block});
}

TEST_CASE("a block that comes in parts is told when it is whole, and confirmed then") {
  BrokerWorld world;
  auto morty = world.consumer(1);
  auto summer = world.consumer(2);
  auto printer = world.printer(3);
  morty.print("before\n");
  morty.print_part("one, ", true);
  morty.print_part("two, ", true);
  summer.print("between\n");
  CHECK(printer.lines() == Bodies{"before\n", "between\n"});
  CHECK(morty.confirm().control_received == SeqNo{1});
  morty.print_part("three\n", false);
  CHECK(printer.lines() == Bodies{"one, two, three\n"});
  CHECK(morty.confirm().control_received == SeqNo{4});
  morty.print("after\n");
  CHECK(printer.lines() == Bodies{"after\n"});
}

TEST_CASE("a session that is lost within a block says the whole block again in the next") {
  BrokerWorld world;
  auto hello = hello_with_instance();
  auto morty = world.client(1, hello);
  auto printer = world.printer(2);
  morty.print("before\n");
  morty.print_part("one, ", true);
  world.advance(session_timeout + 1s, {&printer});
  hello.previous = Previous{BrokerInstance{7}, morty.id};
  auto again = world.client(3, hello);
  CHECK(world.session(again).welcome.previous_control == SeqNo{1});
  again.printed = 1;
  again.print_part("one, ", true);
  again.print_part("two\n", false);
  CHECK(printer.lines() == Bodies{"before\n", "one, two\n"});
}

TEST_CASE("the parts of a block follow one another") {
  BrokerWorld world;
  auto morty = world.consumer(1);
  morty.print_part("one, ", true);
  SUBCASE("a request comes between") { morty.request(); }
  SUBCASE("another block begins") {
    ++morty.printed;
    morty.print_part("two\n", false);
  }
  CHECK(morty.refusals() == Bodies{"malformed"});
  CHECK_FALSE(world.core.find(morty.id));
  auto printer = world.printer(2);
  CHECK(printer.lines().empty());
}

TEST_CASE("a block is kept whole, or dropped whole") {
  CoreSettings settings;
  settings.console_keep = 10;
  BrokerWorld world(settings);
  auto morty = world.consumer(1);
  const std::string block(2 * print_part_bytes + 5, 'x');
  morty.print(block);
  auto printer = world.printer(2);
  CHECK(printer.lines() == Bodies{block});
  printer.close();
  world.advance(11s, {&morty});
  morty.print("1\n");
  auto late = world.printer(3);
  CHECK(late.lines() == Bodies{"dropped 3", "1\n"});
}

TEST_CASE("a printer that asks for the same lines again and again is sent them once a second") {
  BrokerWorld world;
  auto morty = world.consumer(1);
  auto printer = world.printer(2);
  morty.print("one\n");
  const auto ask_again = [&] {
    Heartbeat heartbeat;
    heartbeat.rewind = true;
    world.core.heartbeat(world.session(printer), heartbeat, world.now);
    world.settle();
    return printer.lines().size();
  };
  CHECK(printer.lines() == Bodies{"one\n"});
  CHECK(ask_again() == 1);
  CHECK(ask_again() == 0);
  world.advance(resend_after, {&morty, &printer});
  CHECK(ask_again() == 1);
}

TEST_CASE(
    "a line that is said again by who is not known any more is printed once, whoever prints") {
  BrokerWorld world;
  auto hello = hello_with_instance();
  auto morty = world.client(1, hello);
  morty.print("one\n");
  auto early = world.printer(2);
  CHECK(early.lines() == Bodies{"one\n"});
  early.heartbeat(SeqNo{1});
  early.close();
  auto again = world.client(3, hello);
  again.print("one\n");
  again.print("two\n");
  auto late = world.printer(4);
  CHECK(late.lines() == Bodies{"two\n"});
}

TEST_CASE("without a printer the oldest lines go, and the gap is told") {
  CoreSettings settings;
  settings.console_keep = 10;
  BrokerWorld world(settings);
  auto morty = world.consumer(1);
  for (const auto* line : {"1234\n", "2345\n", "3456\n", "4567\n"}) morty.print(line);
  auto printer = world.printer(2);
  CHECK(printer.lines() == Bodies{"dropped 2", "3456\n", "4567\n"});
}

TEST_CASE("a slow printer holds the writers, one that is stuck does not for long") {
  CoreSettings settings;
  settings.console_keep = 10;
  BrokerWorld world(settings);
  auto morty = world.consumer(1);
  auto printer = world.printer(2);
  morty.print("123456789\n");
  CHECK(morty.confirm().print_window == 0);
  CHECK(printer.lines() == Bodies{"123456789\n"});
  printer.heartbeat(SeqNo{1});
  CHECK(morty.confirm().print_window > 0);
  morty.print("123456789\n");
  CHECK(morty.confirm().print_held == Held::console);
  world.advance(11s, {&morty, &printer});
  CHECK(morty.confirm().print_held == Held::nothing);
}

TEST_CASE(
    "while a printer is replaced, a full log holds the writers, when none comes, not for long") {
  CoreSettings settings;
  settings.console_keep = 10;
  BrokerWorld world(settings);
  auto morty = world.consumer(1);
  auto printer = world.printer(2);
  printer.close();
  morty.print("123456789\n");
  CHECK(morty.confirm().print_held == Held::console);
  morty.print("said before it knew\n");
  auto next = world.printer(3);
  CHECK(next.lines() == Bodies{"123456789\n", "said before it knew\n"});
  next.heartbeat(SeqNo{2});
  next.close();
  morty.print("123456789\n");
  CHECK(morty.confirm().print_held == Held::console);
  world.advance(11s, {&morty});
  CHECK(morty.confirm().print_held == Held::nothing);
}

TEST_CASE("a printer that falls silent holds nobody longer than one that is stuck") {
  CoreSettings settings;
  settings.console_keep = 10;
  BrokerWorld world(settings);
  auto morty = world.consumer(1);
  auto printer = world.printer(2);
  morty.print("123456789\n");
  world.advance(9s, {&morty});  // its session is lost after 3 s
  CHECK(morty.confirm().print_held == Held::console);
  world.advance(2s, {&morty});
  CHECK(morty.confirm().print_held == Held::nothing);
}

TEST_CASE("a killed printer's successor goes on where it was, even within the reconnect grace") {
  BrokerWorld world;
  auto morty = world.consumer(1);
  auto killed = world.printer(2);
  morty.print("one\n");
  killed.heartbeat(SeqNo{1});
  morty.print("two\n");
  killed.vanish();
  auto next = world.printer(3);
  CHECK(next.lines() == Bodies{"two\n"});
}

}  // namespace
}  // namespace baton::internal::broker::test
