// A printer's session, as a transcript with a broker that is played by hand.
#include "printer/printer_session.hpp"
#include "tests/worlds/client_script.hpp"

using namespace baton::internal;
using namespace baton::internal::script;

namespace {

struct PrinterScript : Script {
  PrinterScript() : Script(printer, Role::printer) { start(); }
  ~PrinterScript() { printer.check_invariants(); }

  void stand(std::uint64_t feed_first = 1) {
    Welcome told;
    told.feed_first = {feed_first};
    welcome(told);
    send_confirm();
  }
  void lines(std::uint64_t first, const std::vector<std::string>& blocks) {
    confirm.feed_last = {std::max(confirm.feed_last.value, first + blocks.size() - 1)};
    told(MessageType::console, {first}, blocks);
  }
  /// Lines of client 7, which numbers them from `said` on.
  void said(std::uint64_t first, std::uint64_t said, const std::vector<std::string>& blocks) {
    std::string frame(header_size, '\0');
    write_header(frame.data(), {MessageType::console,
                                static_cast<std::uint16_t>(blocks.size()),
                                broker_instance,
                                session,
                                {first}});
    for (const auto& block : blocks) append_line(frame, {7, said++, block});
    confirm.feed_last = {std::max(confirm.feed_last.value, first + blocks.size() - 1)};
    notify(frame);
  }
  /// The same, of parts of one block; the last one is the last part, or it goes on.
  void parts(std::uint64_t first, std::uint64_t said, const std::vector<std::string>& parts,
             bool goes_on = false) {
    std::string frame(header_size, '\0');
    write_header(frame.data(), {MessageType::console,
                                static_cast<std::uint16_t>(parts.size()),
                                broker_instance,
                                session,
                                {first}});
    for (const auto& part : parts)
      append_line(frame, {7, said, part, goes_on || &part != &parts.back()});
    confirm.feed_last = {std::max(confirm.feed_last.value, first + parts.size() - 1)};
    notify(frame);
  }
  void new_broker() {
    refuse(Refusal::wrong_broker_instance);
    broker_instance = {broker_instance.value + 1};
    session = session_id(static_cast<std::uint8_t>(session.bytes[0] + 1));
    confirm.feed_last = {};
    hello();
    stand();
  }
  void dropped(std::uint64_t first, std::uint64_t count) {
    std::string frame(header_size, '\0');
    write_header(frame.data(), {MessageType::console, 1, broker_instance, session, {first}});
    append_dropped(frame, count);
    notify(frame);
  }
  /// Prints one block; its text, led by "(n) " when n are missing before it, or nothing.
  std::string print() {
    ConsoleBlock block;
    if (!printer.next(block)) return {};
    const std::string text(block.text);
    printer.printed(block);
    tick();
    return block.missing > 0 ? "(" + std::to_string(block.missing) + ") " + text : text;
  }

  PrinterSession printer{config_of(Role::printer)};
};

}  // namespace

TEST_CASE("printer: blocks come in order, each once, and are confirmed when printed") {
  PrinterScript script;
  script.stand();
  script.lines(1, {"a\n", "b\n"});
  script.lines(2, {"b\n", "c\n"});
  CHECK(script.print() == "a\n");
  auto heartbeat = script.heartbeat();
  REQUIRE(heartbeat);
  CHECK(heartbeat->feed_position == SeqNo{1});
  CHECK(script.print() == "b\n");
  CHECK(script.print() == "c\n");
  CHECK(script.print().empty());
  CHECK(script.heartbeat()->feed_position == SeqNo{3});
}

TEST_CASE("printer: beyond a gap it takes nothing and asks for what is missing") {
  PrinterScript script;
  script.stand();
  script.lines(1, {"a\n"});
  script.heartbeat();
  script.lines(3, {"c\n"});
  const auto heartbeat = script.heartbeat();
  REQUIRE(heartbeat);
  CHECK(heartbeat->rewind);
  CHECK(script.print() == "a\n");
  CHECK(script.print().empty());
  script.lines(2, {"b\n", "c\n"});
  CHECK(script.print() == "b\n");
  CHECK(script.print() == "c\n");
}

TEST_CASE(
    "printer: it asks again for what was sent before a confirm and is not here, not for what is "
    "still to be sent") {
  PrinterScript script;
  script.stand();
  script.confirm.feed_last = {2};
  script.confirm.feed_sent = {1};
  script.send_confirm();
  auto heartbeat = script.heartbeat();
  REQUIRE(heartbeat);
  CHECK(heartbeat->rewind);
  script.lines(1, {"a\n"});
  script.heartbeat();
  for (int i = 0; i < 5; ++i) {
    script.live(1s);
    heartbeat = script.heartbeat();
    REQUIRE(heartbeat);
    CHECK_FALSE(heartbeat->rewind);
  }
}

TEST_CASE("printer: blocks that the broker dropped are counted") {
  PrinterScript script;
  script.stand();
  script.lines(1, {"a\n"});
  script.dropped(2, 5);
  script.lines(7, {"b\n"});
  CHECK(script.print() == "a\n");
  CHECK(script.print() == "(5) b\n");
}

TEST_CASE("printer: one that comes late is told what it has missed") {
  PrinterScript script;
  script.stand(3);
  script.dropped(3, 2);
  script.lines(5, {"a\n"});
  CHECK(script.print() == "(2) a\n");
}

TEST_CASE("printer: a new session at the same broker repeats nothing that was taken") {
  PrinterScript script;
  script.stand();
  script.lines(1, {"a\n", "b\n", "c\n"});
  ConsoleBlock taken;
  REQUIRE(script.printer.next(taken));  // it is being written
  script.printer.on_notification(
      encode_json({MessageType::refusal, 0, script.broker_instance, script.session, {}},
                  to_json(RefusalNotice{Refusal::unknown_session, ""})),
      script.now);
  script.session = session_id(2);
  script.tick();
  const auto hello = script.hello();
  REQUIRE(hello);
  CHECK(hello->feed_position == SeqNo{0});
  script.stand(1);
  script.lines(1, {"a\n", "b\n", "c\n", "d\n"});
  script.printer.printed(taken);
  CHECK(script.print() == "b\n");
  CHECK(script.print() == "c\n");
  CHECK(script.print() == "d\n");
  CHECK(script.print().empty());
}

TEST_CASE("printer: another broker's lines come after the last ones of the one before") {
  PrinterScript script;
  script.stand();
  script.lines(1, {"a\n", "b\n"});
  script.printer.on_notification(
      encode_json({MessageType::refusal, 0, script.broker_instance, script.session, {}},
                  to_json(RefusalNotice{Refusal::wrong_broker_instance, ""})),
      script.now);
  script.session = session_id(2);
  script.tick();
  script.broker_instance = {78};
  script.confirm = {};
  script.stand(1);
  script.lines(1, {"c\n"});
  CHECK(script.print() == "a\n");
  CHECK(script.print() == "b\n");
  CHECK(script.print() == "c\n");
  CHECK(script.heartbeat()->feed_position == SeqNo{1});
}

TEST_CASE("printer: it has finished when shutdown is told and the last block printed") {
  PrinterScript script;
  script.stand();
  script.confirm.shutdown = true;
  script.confirm.feed_last = {1};
  script.send_confirm();
  CHECK_FALSE(script.printer.finished());
  script.lines(1, {"Parent process exiting...\n"});
  CHECK_FALSE(script.printer.finished());
  script.print();
  CHECK(script.printer.finished());
  script.printer.close(script.now);
  script.tick();
  CHECK(script.control().size() == 1);
}

TEST_CASE(
    "printer: what a client says again to another broker is passed over, and counts as printed") {
  PrinterScript script;
  script.stand();
  script.said(1, 1, {"a\n", "b\n", "c\n"});
  CHECK(script.print() == "a\n");
  CHECK(script.print() == "b\n");
  CHECK(script.print() == "c\n");
  script.new_broker();
  script.said(1, 2, {"b\n", "c\n"});
  CHECK(script.print().empty());
  script.tick();
  CHECK(script.heartbeat()->feed_position == SeqNo{2});
  script.said(3, 4, {"d\n"});
  CHECK(script.print() == "d\n");
  CHECK(script.heartbeat()->feed_position == SeqNo{3});
}

TEST_CASE("printer: a block that comes in parts is printed when it is whole, and confirmed then") {
  PrinterScript script;
  script.stand();
  script.said(1, 1, {"a\n"});
  script.parts(2, 2, {"one, ", "two, "}, true);
  CHECK(script.print() == "a\n");
  CHECK(script.print().empty());
  CHECK(script.heartbeat()->feed_position == SeqNo{1});
  script.parts(4, 2, {"three\n"});
  script.said(5, 3, {"b\n"});
  CHECK(script.print() == "one, two, three\n");
  CHECK(script.heartbeat()->feed_position == SeqNo{4});
  CHECK(script.print() == "b\n");
}

TEST_CASE("printer: of a block whose end is gone nothing is printed") {
  PrinterScript script;
  script.stand();
  script.parts(1, 1, {"one, ", "two, "}, true);
  CHECK(script.print().empty());
  SUBCASE("it was dropped") {
    script.dropped(3, 2);
    script.said(5, 2, {"b\n"});
    CHECK(script.print() == "(4) b\n");
  }
  SUBCASE("its broker ended") {
    script.new_broker();
    script.said(1, 2, {"b\n"});
    CHECK(script.print() == "b\n");
  }
}

TEST_CASE("printer: a block in parts that is said again to another broker is printed once") {
  PrinterScript script;
  script.stand();
  script.parts(1, 1, {"one, ", "two\n"});
  CHECK(script.print() == "one, two\n");
  script.parts(3, 2, {"three, "}, true);
  CHECK(script.print().empty());
  script.new_broker();
  script.parts(1, 1, {"one, ", "two\n"});
  script.parts(3, 2, {"three, ", "four\n"});
  CHECK(script.print() == "three, four\n");
  script.tick();
  CHECK(script.heartbeat()->feed_position == SeqNo{4});
}

TEST_CASE(
    "printer: what is passed over behind a block that is being printed counts as printed after "
    "it") {
  PrinterScript script;
  script.stand();
  script.said(1, 5, {"e\n"});
  CHECK(script.print() == "e\n");
  script.new_broker();
  script.lines(1, {"x\n"});
  script.said(2, 4, {"d\n", "e\n"});
  script.dropped(4, 2);
  script.said(6, 5, {"e\n", "f\n"});
  ConsoleBlock x, f;
  REQUIRE(script.printer.next(x));
  REQUIRE(script.printer.next(f));
  CHECK(f.text == "f\n");
  CHECK(f.missing == 2);
  CHECK(f.passed == 3);
  script.tick();
  script.heartbeat();
  script.printer.printed(x);
  script.tick();
  CHECK(script.heartbeat()->feed_position == SeqNo{6});
  script.printer.printed(f);
  script.tick();
  CHECK(script.heartbeat()->feed_position == SeqNo{7});
}

TEST_CASE(
    "printer: of the clients that said something last it remembers what was printed, nobody's "
    "lines are always new") {
  Repeats repeats(2);
  CHECK(repeats.is_new(0, 0));
  CHECK(repeats.is_new(0, 0));
  CHECK(repeats.is_new(1, 1));
  CHECK(repeats.is_new(2, 5));
  CHECK_FALSE(repeats.is_new(1, 1));
  CHECK(repeats.is_new(3, 1));  // 2 is forgotten
  CHECK_FALSE(repeats.is_new(1, 1));
  CHECK(repeats.is_new(2, 5));
}
