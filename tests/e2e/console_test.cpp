// The console: lines of many processes reach the terminal whole, each once, each process's in its
// order; printers come late, go, are killed, are slow or stand still.
#include <signal.h>

#include <algorithm>
#include <filesystem>

#include "proto/limits.hpp"
#include "tests/support/durable_broker.hpp"
#include "tests/support/library.hpp"
#include "tests/support/show.hpp"
#include "tests/support/terminal.hpp"
#include "tests/support/test_line.hpp"

using namespace baton;
using namespace baton::internal;
using namespace baton::internal::e2e;

namespace {

constexpr auto a_minute = 60s;

/// Processes that say lines and end.
struct Writers {
  std::size_t count;
  std::uint64_t lines;  // each
  LineSizes sizes;
  std::uint64_t all() const { return count * lines; }
};
constexpr Writers many{20, 5000, {2000, 30}};    // some 200 MB
constexpr Writers quieter{20, 5000, {300, 10}};  // some 50 MB: the log holds them all
constexpr Writers few{2, 1500, {4000, 0}};       // some 3 MB each: more than may be on its way

/// They are called writer-N, with N from `first` on.
std::vector<Process> start_all(const Writers& writers, const Broker& broker,
                               std::size_t first = 0) {
  const auto program =
      std::filesystem::read_symlink("/proc/self/exe").parent_path() / "test-writer";
  std::vector<Process> processes;
  for (std::size_t i = 0; i < writers.count; ++i)
    processes.push_back(Process({program, broker.address(), "writer-" + std::to_string(first + i),
                                 std::to_string(writers.lines), std::to_string(writers.sizes.most),
                                 std::to_string(writers.sizes.long_ones)}));
  return processes;
}

void require_ended(std::vector<Process>& processes) {
  for (auto& process : processes)
    REQUIRE_MESSAGE(process.wait(a_minute) == 0, process.err().text());
}

/// Returns when it is printed: the printer is at work.
void print_first_line(const Broker& broker, Terminal& terminal) {
  Producer producer(producer_of(broker));
  producer.print("first");
  REQUIRE(terminal.wait([](const Printed& printed) { return printed.others == Args{"first"}; }));
}

auto has(std::uint64_t lines) {
  return [lines](const Printed& printed) { return printed.lines >= lines; };
}

void require_printed(Terminal& terminal, std::uint64_t lines) {
  const bool all = terminal.wait(has(lines), a_minute);
  const auto printed = terminal.printed();
  REQUIRE_MESSAGE(all, printed.lines, " of ", lines, " lines, ", printed.missing, " left out, ",
                  printed.repeated, " again, ", printed.dropped, " dropped");
}

/// Each line at least once, and in its place.
void check_none_lost(const Printed& printed) {
  CHECK(printed.others == Args{});
  CHECK(printed.missing == 0);
  CHECK(printed.dropped == 0);
}

/// Each line whole, once and in its place.
void check_flawless(const Printed& printed) {
  check_none_lost(printed);
  CHECK(printed.repeated == 0);
  CHECK(printed.cut == 0);
}

void check_all_printed(Terminal& terminal, const Writers& writers, std::uint64_t others = 0) {
  require_printed(terminal, writers.all() + others);
  const auto printed = terminal.printed();
  check_flawless(printed);
  CHECK(printed.lines == writers.all() + others);
}

/// Ends the printer as `docker stop` does.
void stop(Process& printer) {
  printer.signal(SIGTERM);
  REQUIRE_MESSAGE(printer.wait() == 0, printer.err().text());
}

void kill(Process& printer) {
  printer.signal(SIGKILL);
  REQUIRE(printer.wait() == 128 + SIGKILL);
}

/// What a printer writes together: blocks up to 16 KiB, and what the last one of them is longer.
constexpr std::uint64_t most_written(const Writers& writers) {
  return (16u << 10) + (writers.sizes.long_ones > 0 ? LineSizes::longest : writers.sizes.most);
}

/// An item's line is said before its ack; the producer learns of the ack and says a line of the
/// same name, the next one.
std::uint64_t print_in_turns(const Broker& broker, std::uint64_t rounds) {
  Producer producer(producer_of(broker));
  Consumer consumer(consumer_of(broker));
  std::mt19937_64 random(1);
  std::uint64_t number = 0;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    producer.put("x");
    auto item = consumer.try_get(soon);
    REQUIRE(item);
    consumer.print(test_line({"turns", ++number}, many.sizes.draw(random)));
    item->ack();
    producer.join();
    producer.print(test_line({"turns", ++number}, many.sizes.draw(random)));
    producer.flush();  // the consumer's next line goes by another connection
  }
  return number;
}

}  // namespace

TEST_CASE(
    "console: lines of twenty processes come whole and once and in order, a job's before what "
    "follows its ack") {
  Broker broker;
  Terminal terminal;
  const Process printer = terminal.printer(broker);
  const auto begin = Clock::now();
  auto writers = start_all(many, broker);
  const auto turns = print_in_turns(broker, 500);
  check_all_printed(terminal, many, turns);
  MESSAGE("", many.all() + turns, " lines in ", milliseconds(Clock::now() - begin), " ms");
  require_ended(writers);
}

TEST_CASE("console: a printer that comes two seconds late prints all") {
  Broker broker;
  Terminal terminal;
  auto writers = start_all(quieter, broker);
  static_cast<void>(writers.front().wait(2s));
  const Process printer = terminal.printer(broker);
  check_all_printed(terminal, quieter);
  require_ended(writers);
}

TEST_CASE("console: two printers both print all") {
  Broker broker;
  Terminal one, two;
  Process printer = one.printer(broker), other = two.printer(broker);
  auto writers = start_all(quieter, broker);
  check_all_printed(one, quieter);
  check_all_printed(two, quieter);
  require_ended(writers);
}

TEST_CASE("console: a printer ended by SIGTERM and started again goes on exactly where it was") {
  Broker broker;
  Terminal terminal;
  Process printer = terminal.printer(broker);
  auto writers = start_all(many, broker);
  for (std::uint64_t part = 1; part < 10; ++part) {
    require_printed(terminal, many.all() * part / 10);
    stop(printer);
    printer = terminal.printer(broker);
  }
  check_all_printed(terminal, many);
  require_ended(writers);
}

TEST_CASE("console: of a printer that is killed one block is repeated or cut at most") {
  constexpr std::uint64_t kills = 5;
  Broker broker;
  Terminal terminal;
  terminal.read_slowly(100'000);  // as a terminal does: the printer waits in its write
  Process printer = terminal.printer(broker);
  auto writers = start_all(few, broker);
  for (std::uint64_t i = 1; i <= kills; ++i) {
    require_printed(terminal, i * 20);
    kill(printer);
    printer = terminal.printer(broker);
  }
  terminal.read_fast();
  require_printed(terminal, few.all());
  const auto printed = terminal.printed();
  MESSAGE("", kills, " kills: ", printed.repeated, " lines again, ", printed.repeated_bytes,
          " bytes; ", printed.cut, " cut");
  CHECK(printed.repeated_bytes <= kills * most_written(few));
  check_none_lost(printed);
  require_ended(writers);
}

TEST_CASE(
    "console: of a printer that is killed while everything floods no more is repeated than was on "
    "its way") {
  Broker broker;
  Terminal terminal;
  Process printer = terminal.printer(broker);
  auto writers = start_all(many, broker);
  std::uint64_t most = 0;
  for (std::uint64_t part = 1; part < 10; ++part) {
    require_printed(terminal, many.all() * part / 10);
    const auto before = terminal.printed();
    kill(printer);
    printer = terminal.printer(broker);
    require_printed(terminal, many.all() * part / 10 + many.all() / 20);
    most = std::max(most, terminal.printed().repeated_bytes - before.repeated_bytes);
  }
  require_printed(terminal, many.all());
  const auto printed = terminal.printed();
  MESSAGE("9 kills: ", printed.repeated, " lines again, ", printed.repeated_bytes,
          " bytes, at one kill ", most, "; ", printed.cut, " cut");
  CHECK(most <= console_window_bytes + most_written(many));
  CHECK(printed.cut <= 9);
  check_none_lost(printed);
  require_ended(writers);
}

TEST_CASE("console: over kills of a durable broker no line is printed twice") {
  constexpr std::size_t kills = 5;
  DurableBroker broker;
  Terminal terminal;
  const Process printer = terminal.printer(*broker);
  for (std::size_t kill = 0; kill < kills; ++kill) {
    const auto wanted = terminal.printed().lines + few.all() / 10;
    auto writers = start_all(few, *broker, kill * few.count);
    require_printed(terminal, wanted);
    broker.kill();  // with it goes what it had confirmed and no printer had printed
    broker.start();
    require_ended(writers);
  }
  Producer producer(producer_of(*broker));
  producer.print("last");
  REQUIRE(terminal.wait([](const Printed& printed) { return printed.others == Args{"last"}; }));
  const auto printed = terminal.printed();
  MESSAGE("", kills, " kills, ", printed.lines, " of ", kills * few.all(), " lines printed, ",
          printed.repeated, " twice");
  CHECK(printed.repeated == 0);
  CHECK(printed.cut == 0);
}

TEST_CASE("console: a slow printer holds the writers who say why and nothing is lost") {
  Broker broker({"--console-keep", "256K"});
  Terminal terminal;
  terminal.read_slowly(100'000);
  const Process printer = terminal.printer(broker);
  print_first_line(broker, terminal);
  auto writers = start_all(few, broker);
  REQUIRE(terminal.wait(has(50)));
  Process other = broker.producer({"x"});
  CHECK(other.err().next_with("the console is full"));
  for (auto& writer : writers) CHECK_FALSE(writer.wait(1s));
  CHECK(terminal.printed().lines < few.all() / 4);
  CHECK((broker.process().memory() < (32u << 20) || !memory_counts));
  terminal.read_fast();
  require_printed(terminal, few.all());
  require_ended(writers);
  REQUIRE(other.wait() == 0);
  auto printed = terminal.printed();
  printed.others.clear();  // the other producer's
  check_flawless(printed);
}

TEST_CASE("console: without a printer the oldest lines go and the gap is printed as a count") {
  Broker broker({"--console-keep", "1M"});
  auto writers = start_all(few, broker);
  require_ended(writers);  // nobody holds them
  Terminal terminal;
  const Process printer = terminal.printer(broker);
  REQUIRE(terminal.wait(
      [](const Printed& printed) { return printed.dropped + printed.lines >= few.all(); }));
  const auto printed = terminal.printed();
  CHECK(printed.gaps == 1);
  CHECK(printed.dropped + printed.lines == few.all());
  CHECK(printed.lines > 300);  // some 1 MB
  CHECK(printed.repeated + printed.cut == 0);
}

namespace {

/// A system whose printer works no more. Its writers end all the same; when it goes on, it says how
/// much it has missed.
class StandingStill {
 public:
  StandingStill() { print_first_line(broker, terminal); }
  void print() { writers_ = start_all(few, broker); }
  void check_not_held_for_long() {
    require_ended(writers_);
    const auto held = milliseconds(Clock::now() - begin_);
    MESSAGE("held for ", held, " ms");
    CHECK(held < 12'000);
  }
  void check_rest_is_printed() {
    REQUIRE(terminal.wait(
        [](const Printed& printed) { return printed.dropped + printed.lines >= few.all(); }));
    const auto printed = terminal.printed();
    CHECK(printed.dropped > 0);
    CHECK(printed.dropped + printed.lines == few.all());
    CHECK(printed.repeated + printed.cut == 0);
  }

  Broker broker{{"--console-keep", "256K"}};
  Terminal terminal;
  Process printer = terminal.printer(broker);

 private:
  std::vector<Process> writers_;
  Clock::time_point begin_ = Clock::now();
};

}  // namespace

TEST_SUITE("timed-waits") {
  TEST_CASE("console: a printer that is stopped or not read holds the writers for 10 s at most") {
    StandingStill not_read, stopped;
    not_read.terminal.do_not_read();
    stopped.printer.signal(SIGSTOP);
    for (auto* system : {&not_read, &stopped}) system->print();
    for (auto* system : {&not_read, &stopped}) system->check_not_held_for_long();
    not_read.terminal.read_fast();
    stopped.printer.signal(SIGCONT);
    for (auto* system : {&not_read, &stopped}) system->check_rest_is_printed();
  }
}
