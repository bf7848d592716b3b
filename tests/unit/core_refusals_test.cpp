// Messages that the broker refuses, and who is told.
#include "proto/console_entries.hpp"
#include "proto/control_entries.hpp"
#include "tests/worlds/broker_world.hpp"

namespace baton::internal::broker::test {
namespace {

Hello printer_hello() {
  Hello hello;
  hello.role = Role::printer;
  return hello;
}

std::string hello_from(const SessionId& session) {
  return encode_json({MessageType::hello, 0, {}, session, {}}, to_json(printer_hello()));
}

TEST_CASE("a message of several frames is refused, to the session of its first, and nothing ends") {
  BrokerWorld world;
  auto printer = world.printer(1);
  world.dispatcher.on_frames(hello_from(printer.id), world.now);
  world.dispatcher.on_frames("short", world.now);
  world.settle();
  CHECK(printer.refusals() == Bodies{"frames"});
  CHECK(world.core.refused(Refusal::frames) == 2);
  CHECK(world.core.find(printer.id));
}

TEST_CASE("a hello of session 0 is refused") {
  BrokerWorld world;
  world.core.subscribed({}, world.now);
  world.dispatcher.on_control(hello_from({}), world.now);
  world.settle();
  CHECK_FALSE(world.core.find({}));
  CHECK(world.core.refused(Refusal::hello) == 1);
}

TEST_CASE("an entry after a close is refused, one that comes again is not") {
  BrokerWorld world;
  auto rick = world.producer(1), morty = world.producer(2);
  for (auto* client : {&rick, &morty}) client->close(SeqNo{1});  // which is not here yet
  rick.next_control = {1};
  rick.close(SeqNo{1});
  CHECK(rick.refusals() == Bodies{});
  morty.join();
  CHECK(morty.refusals() == Bodies{"malformed"});
  rick.put("a");
  CHECK(rick.confirm().ended);

  auto summer = world.consumer(3);
  std::string close_and_more;
  append_close(close_and_more, {});
  append_flush(close_and_more, {});
  static_cast<void>(
      world.dispatcher.control(world.session(summer), {1}, 2, close_and_more, world.now));
  world.settle();
  CHECK(summer.refusals() == Bodies{"malformed"});
}

TEST_CASE("a block of lines with number 0 is refused: it could not be told from its repetition") {
  BrokerWorld world;
  auto rick = world.producer(1);
  std::string line;
  append_print(line, {0, 0, "line\n"});
  CHECK(world.dispatcher.control(world.session(rick), {1}, 1, line, world.now) ==
        Refusal::malformed);
}

}  // namespace
}  // namespace baton::internal::broker::test
