// Waiting costs next to nothing.

#include "tests/support/baton.hpp"
#include "tests/support/show.hpp"

using namespace baton::internal::e2e;

namespace {

constexpr auto window = 5s;

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

std::chrono::nanoseconds cpu_time(const std::vector<Process>& processes) {
  std::chrono::nanoseconds all{};
  for (const Process& process : processes) all += process.cpu_time();
  return all;
}

}  // namespace

TEST_SUITE("timed") {
  TEST_CASE("idle: 100 consumers and the broker take under 4% of a core and the broker under 1%") {
    Broker broker;
    Process printer = broker.printer();
    std::vector<Process> consumers;
    std::vector<pid_t> pids;
    for (int i = 0; i < 100; ++i) {
      consumers.push_back(broker.consumer());
      pids.push_back(consumers.back().pid());
    }
    require_started(printer, "consumer", pids);
    REQUIRE_FALSE(broker.process().wait(1s));  // links are made, and asked on

    const auto broker_before = broker.process().cpu_time(), consumers_before = cpu_time(consumers);
    REQUIRE_FALSE(broker.process().wait(window));
    const double broker_used =
        seconds(broker.process().cpu_time() - broker_before) / seconds(window);
    const double all_used =
        broker_used + seconds(cpu_time(consumers) - consumers_before) / seconds(window);
    MESSAGE("of a core: broker ", 100 * broker_used, "%, all ", 100 * all_used, "%");
    CHECK(broker_used < 0.01);
    CHECK(all_used < 0.04);
  }
}
