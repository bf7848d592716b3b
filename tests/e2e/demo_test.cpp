// The tutorial program: 3 producers, 6 consumers, a printer and the broker that is their parent.
#include <stdlib.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "tests/support/baton.hpp"
#include "tests/support/show.hpp"

using namespace baton::internal::e2e;

namespace {

const std::vector<Args> lists = {{"Master Shake", "Meatwad", "Frylock", "Carl"},
                                 {"Early", "Rusty", "Sheriff", "Granny", "Lil"},
                                 {"Rick", "Morty", "Jerry", "Summer", "Beth"}};

constexpr std::size_t ordinary_rounds = 5;

std::size_t rounds() { return number_of("BATON_DEMO_ROUNDS", ordinary_rounds); }

// What a demonstration printed, sorted into kinds. A line of no kind is broken.
struct Console {
  std::multiset<std::string> started_producers, started_consumers, exited;
  std::multimap<std::string, std::string> got;  // name -> who
  std::vector<std::string> broken;
  std::string last;
};

bool take_between(const std::string& line, const std::string& before, const std::string& after,
                  std::string& middle) {
  if (line.size() < before.size() + after.size() || !line.starts_with(before) ||
      !line.ends_with(after))
    return false;
  middle = line.substr(before.size(), line.size() - before.size() - after.size());
  return !middle.empty() && middle.find_first_not_of("0123456789") == std::string::npos;
}

void sort_in(Console& console, const Line& line) {
  std::string pid;
  if (take_between(line.text, "Starting producer => ", "", pid)) {
    console.started_producers.insert(pid);
  } else if (take_between(line.text, "Starting consumer => ", "", pid)) {
    console.started_consumers.insert(pid);
  } else if (take_between(line.text, "Producer ", " exiting...", pid)) {
    console.exited.insert(pid);
  } else if (const Got got = parse_got(line); got.pid != 0) {
    console.got.emplace(got.name, std::to_string(got.pid));
  } else if (line.text != "Parent process exiting...") {
    console.broken.push_back(line.text);
  }
}

Console read_console(const Output& out) {
  Console console;
  for (const Line& line : out.lines()) sort_in(console, line), console.last = line.text;
  if (!out.unfinished().empty()) console.broken.push_back(out.unfinished());
  return console;
}

std::multiset<std::string> all_names() {
  std::multiset<std::string> all;
  for (const Args& list : lists) all.insert(list.begin(), list.end());
  return all;
}

void check_console(const Output& out) {
  const Console console = read_console(out);
  CAPTURE(out.text());
  CHECK(console.broken.empty());
  CHECK(console.last == "Parent process exiting...");
  CHECK(out.lines().size() == 3 + 6 + 3 + 14 + 1);
  CHECK(std::set(console.started_producers.begin(), console.started_producers.end()).size() == 3);
  CHECK(std::set(console.started_consumers.begin(), console.started_consumers.end()).size() == 6);
  CHECK(console.exited == console.started_producers);
  std::multiset<std::string> got;
  for (const auto& [name, pid] : console.got) {
    got.insert(name);
    CHECK(console.started_consumers.contains(pid));
  }
  CHECK(got == all_names());
}

// Every line of a process comes after the one that says it starts, and none after the one that says
// it exits.
void check_order(const Output& out) {
  std::map<std::string, int> stage;  // pid -> 1 started, 2 exited
  for (const Line& line : out.lines()) {
    std::string pid;
    if (take_between(line.text, "Starting producer => ", "", pid) ||
        take_between(line.text, "Starting consumer => ", "", pid)) {
      CHECK(std::exchange(stage[pid], 1) == 0);
    } else if (take_between(line.text, "Producer ", " exiting...", pid)) {
      CHECK(std::exchange(stage[pid], 2) == 1);
    } else if (const Got got = parse_got(line); got.pid != 0) {
      CHECK(stage[std::to_string(got.pid)] == 1);
    }
  }
}

void demonstrate() {
  Broker broker({"--producers", "3", "--consumers", "6", "--exit-when-done"});
  Process printer = broker.printer();
  std::vector<Process> others;
  for (const Args& list : lists) {
    Args args{"--sleep", "0:0"};
    args.insert(args.end(), list.begin(), list.end());
    others.push_back(broker.producer(args));
  }
  for (int i = 0; i < 6; ++i) others.push_back(broker.consumer({"--sleep", "0:0"}));
  for (Process& process : others) REQUIRE_MESSAGE(process.wait() == 0, process.err().text());
  REQUIRE_MESSAGE(broker.process().wait() == 0, broker.process().err().text());
  REQUIRE_MESSAGE(printer.wait() == 0, printer.err().text());
  check_console(printer.out());
  check_order(printer.out());
}

std::string script() { return std::filesystem::path(BATON_SOURCE_DIR) / "scripts/demo"; }

}  // namespace

TEST_CASE("demonstration: every name once and whole lines and a clean end") {
  for (std::size_t round = 1; round <= rounds(); ++round) {
    CAPTURE(round);
    demonstrate();
  }
}

TEST_CASE("demonstration: the script behind ./run demo prints the same") {
  Process demo({script(), std::filesystem::path(program_path("x")).parent_path(), "0:0"});
  CHECK(demo.wait() == 0);
  CHECK(demo.err().text() == "");
  check_console(demo.out());
}
