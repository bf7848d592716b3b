// What is delivered before it is kept, when its broker is killed: who has it goes on with it, and
// nobody else is given it.
#include <algorithm>
#include <list>
#include <map>

#include "tests/support/durable_broker.hpp"

using namespace baton::internal::e2e;

namespace {

constexpr int consumers = 4, burst = 200;

/// How often each item was begun, by what the printer has printed.
std::map<std::string, int> begun(Process& printer) {
  std::map<std::string, int> times;
  for (const auto& line : printer.out().lines())
    if (const auto got = parse_got(line); got.pid != 0) ++times[got.name];
  return times;
}

void wait_for(Process& printer, std::size_t& seen, std::size_t count) {
  seen += next_got(printer, count - std::min(count, seen), 40s).size();
  REQUIRE(seen >= count);
}

void put(Process& producer, std::size_t& lines) {
  std::string text;
  for (int i = 0; i < burst; ++i) text += "line-" + std::to_string(lines++) + '\n';
  producer.write(text);
}

}  // namespace

TEST_SUITE("timed-waits") {
  TEST_CASE(
      "unstored: a broker with a slow disk is killed again and again: nothing is begun twice") {
    const auto kills = number_of("BATON_UNSTORED_KILLS", 2);
    DurableBroker broker({}, {"/usr/bin/env", "LD_PRELOAD=" + program_path("test-slow-disk.so"),
                              "SLOW_SYNC_MS=300"});
    Process printer = broker->printer();
    std::list<Process> workers;
    for (int i = 0; i < consumers; ++i)
      workers.push_back(broker->consumer({"--work", "0:0.02", "--prefetch", "20"}));
    std::vector<pid_t> pids;
    for (const auto& worker : workers) pids.push_back(worker.pid());
    require_started(printer, "consumer", pids);
    Process producer = broker->producer({"--name", "one", "--wait", "-"});
    std::size_t lines = 0, seen = 0;
    for (std::uint64_t kill = 0; kill < kills; ++kill) {
      put(producer, lines);
      wait_for(printer, seen, lines - burst / 2);
      broker.kill();
      broker.start();
      wait_for(printer, seen, lines);
    }
    producer.close_input();
    CHECK(producer.wait() == 0);
    for (auto& worker : workers) worker.signal(SIGTERM);
    for (auto& worker : workers) CHECK(worker.wait() == 0);
    printer.signal(SIGTERM);
    CHECK(printer.wait() == 0);
    const auto times = begun(printer);
    CHECK(times.size() == lines);
    const auto more =
        std::count_if(times.begin(), times.end(), [](const auto& one) { return one.second > 1; });
    MESSAGE("of ", lines, " items so many were begun more than once: ", more);
    CHECK(more == 0);
  }
}
