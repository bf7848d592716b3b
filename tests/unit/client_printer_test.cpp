// A printer's session, as a transcript with a broker that is played by hand.
#include "printer/printer_session.hpp"
#include "tests/unit/client_script.hpp"

using namespace baton;
using namespace baton::script;

namespace {

struct PrinterScript : Script {
  PrinterScript() : Script(printer) { start(); }
  ~PrinterScript() { printer.check_invariants(); }

  void stand(std::uint64_t first_told = 1) {
    Welcome told;
    told.first_told = {first_told};
    welcome(told);
    say_confirm();
  }
  void lines(std::uint64_t first, const std::vector<std::string>& blocks) {
    confirm.told = {std::max(confirm.told.value, first + blocks.size() - 1)};
    told(MessageType::console, {first}, blocks);
  }
  void dropped(std::uint64_t first, std::uint64_t count) {
    std::string frame(header_size, '\0');
    write_header(frame.data(), {MessageType::console, 1, epoch, session, {first}});
    append_dropped(frame, count);
    news(frame);
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
  auto beat = script.beat();
  REQUIRE(beat);
  CHECK(beat->heard == Number{1});
  CHECK(script.print() == "b\n");
  CHECK(script.print() == "c\n");
  CHECK(script.print().empty());
  CHECK(script.beat()->heard == Number{3});
}

TEST_CASE("printer: beyond a gap it takes nothing and asks for what is missing") {
  PrinterScript script;
  script.stand();
  script.lines(1, {"a\n"});
  script.beat();
  script.lines(3, {"c\n"});
  const auto beat = script.beat();
  REQUIRE(beat);
  CHECK(beat->rewind);
  CHECK(script.print() == "a\n");
  CHECK(script.print().empty());
  script.lines(2, {"b\n", "c\n"});
  CHECK(script.print() == "b\n");
  CHECK(script.print() == "c\n");
}

TEST_CASE("printer: it asks again for what the broker says it has told") {
  PrinterScript script;
  script.stand();
  script.confirm.told = {1};
  script.say_confirm();
  script.beat();
  script.live(2s);
  const auto beat = script.beat();
  REQUIRE(beat);
  CHECK(beat->rewind);
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
  script.printer.on_news(encode_json({MessageType::refusal, 0, script.epoch, script.session, {}},
                                     to_json(RefusalNotice{Refusal::unknown_session, ""})),
                         script.now);
  script.session = session_id(2);
  script.tick();
  const auto hello = script.hello();
  REQUIRE(hello);
  CHECK(hello->heard == Number{0});
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
  script.printer.on_news(encode_json({MessageType::refusal, 0, script.epoch, script.session, {}},
                                     to_json(RefusalNotice{Refusal::wrong_epoch, ""})),
                         script.now);
  script.session = session_id(2);
  script.tick();
  script.epoch = {78};
  script.confirm = {};
  script.stand(1);
  script.lines(1, {"c\n"});
  CHECK(script.print() == "a\n");
  CHECK(script.print() == "b\n");
  CHECK(script.print() == "c\n");
  CHECK(script.beat()->heard == Number{1});
}

TEST_CASE("printer: it has finished when shutdown is told and the last block printed") {
  PrinterScript script;
  script.stand();
  script.confirm.shutdown = true;
  script.confirm.told = {1};
  script.say_confirm();
  CHECK_FALSE(script.printer.finished());
  script.lines(1, {"Parent process exiting...\n"});
  CHECK_FALSE(script.printer.finished());
  script.print();
  CHECK(script.printer.finished());
  script.printer.bye(script.now);
  script.tick();
  CHECK(script.control().size() == 1);
}
