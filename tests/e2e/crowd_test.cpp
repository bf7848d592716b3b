// Crowds: a thousand consumers and a hundred producers at once; one more than there is room for.

#include <algorithm>
#include <csignal>
#include <numeric>

#include "tests/support/baton.hpp"
#include "tests/support/inspect.hpp"
#include "tests/support/show.hpp"

using namespace baton::internal::e2e;

namespace {

constexpr int consumers = 1000, consumer_processes = 4;
constexpr int producers = 100, producer_processes = 2;
// Of the broker: three connections, a link that listens, has one, and wakes.
constexpr std::size_t files_each = 6;
constexpr int items_each = 200;  // of a producer
constexpr auto within = 60s;     // for what a crowd does together

Args crowd(const Broker& broker, const std::string& role, int count) {
  return {role, broker.address(), std::to_string(count)};
}

std::vector<Process> start_consumers(const Broker& broker) {
  std::vector<Process> processes;
  for (int i = 0; i < consumer_processes; ++i)
    processes.push_back(
        start("test-peer", crowd(broker, "consumers", consumers / consumer_processes)));
  for (auto& process : processes)
    REQUIRE_MESSAGE(process.out().next_with("ready", within), process.err().text());
  return processes;
}

/// That a broker with so many to greet is waited for is no complaint.
void expect_no_complaint(Process& process) {
  while (const auto line = process.err().next(0ms))
    CHECK_MESSAGE(line->text.starts_with("waiting: "), line->text);
}

void put_all(const Broker& broker) {
  std::vector<Process> processes;
  for (int i = 0; i < producer_processes; ++i) {
    auto args = crowd(broker, "producers", producers / producer_processes);
    args.push_back(std::to_string(items_each));
    processes.push_back(start("test-peer", args));
  }
  for (auto& process : processes) CHECK(process.wait(within) == 0);
  for (auto& process : processes) expect_no_complaint(process);
}

/// Ends them, and gives how many items each consumer got.
std::vector<int> end(std::vector<Process>& processes) {
  std::vector<int> got;
  for (auto& process : processes) process.close_input();
  for (auto& process : processes) {
    CHECK(process.wait(within) == 0);
    expect_no_complaint(process);
    while (const auto line = process.out().next(0ms)) got.push_back(std::stoi(line->text));
  }
  return got;
}

double milliseconds_of_cpu(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

}  // namespace

TEST_SUITE("timed") {
  TEST_CASE("crowd: 1000 consumers and 100 producers: turns are fair and all is given back") {
    Broker broker;
    const pid_t pid = broker.process().pid();
    const auto files = open_files(pid), memory = broker.process().memory();
    auto begin = Clock::now();
    auto processes = start_consumers(broker);
    CHECK(eventually(broker.process(),
                     [&] { return open_files(pid) >= files + files_each * consumers; }));
    MESSAGE(consumers, " consumers are there after ms: ", milliseconds(Clock::now() - begin));
    // While the last ones come some have a connection more that is about to close.
    CHECK(eventually(broker.process(),
                     [&] { return open_files(pid) <= files + files_each * consumers + 10; }));
    const auto with_all = open_files(pid);
    MESSAGE("broker: ", static_cast<double>(with_all - files) / consumers, " descriptors and ",
            (broker.process().memory() - memory) / consumers / 1024, " KB a consumer; ",
            thread_count(pid), " threads");
    MESSAGE("a process of ", consumers / consumer_processes,
            " consumers: ", thread_count(processes[0].pid()), " threads, ",
            open_files(processes[0].pid()), " descriptors, ", processes[0].memory() >> 20, " MB");

    const auto cpu = broker.process().cpu_time();
    REQUIRE_FALSE(broker.process().wait(3s));
    MESSAGE("broker, ms of CPU a second, all idle: ",
            milliseconds_of_cpu(broker.process().cpu_time() - cpu) / 3);

    begin = Clock::now();
    put_all(broker);
    MESSAGE((producers * items_each), " items one by one, put to known as done, took ms: ",
            milliseconds(Clock::now() - begin));
    begin = Clock::now();
    const auto got = end(processes);
    MESSAGE("all consumers left within ms: ", milliseconds(Clock::now() - begin));
    REQUIRE(got.size() == consumers);
    CHECK(std::accumulate(got.begin(), got.end(), 0) == producers * items_each);
    const auto [least, most] = std::minmax_element(got.begin(), got.end());
    constexpr double mean = 1.0 * producers * items_each / consumers;
    MESSAGE("items a consumer: ", *least, " to ", *most);
    CHECK(*least >= 0.8 * mean);
    CHECK(*most <= 1.2 * mean);
    CHECK(eventually(broker.process(), [&] { return open_files(pid) <= files; }));
    broker.process().signal(SIGTERM);
    CHECK(broker.process().wait() == 0);
  }
}

TEST_CASE("crowd: who is one too many is told so, and takes the place of one that leaves") {
  Broker broker({"--max-sessions", "3"});
  Process printer = broker.printer();
  Process first = broker.consumer(), second = broker.consumer();
  require_started(printer, "consumer", {first.pid(), second.pid()});
  Process third = broker.consumer();
  const auto told = third.err().next_with("3 at most");
  REQUIRE(told);
  CHECK(told->text.starts_with("waiting: "));
  first.signal(SIGTERM);
  CHECK(first.wait() == 0);
  require_started(printer, "consumer", {third.pid()});
  CHECK_FALSE(third.err().next_with("3 at most", 0ms));  // said once
}

TEST_CASE("crowd: a broker that may not open enough files says how many clients it has room for") {
  const auto limited = [](const std::string& files, const std::string& options) {
    return Process({"/bin/sh", "-c",
                    "ulimit -n " + files + "; exec " + program_path("baton-broker") +
                        " --port 0 --memory " + options});
  };
  Process broker = limited("200", "");
  const auto line = broker.err().next();
  REQUIRE(line);
  MESSAGE(line->text);
  CHECK(line->text.find("clients") != std::string::npos);
  CHECK(line->text.find("200 files") != std::string::npos);
  CHECK(broker.out().next_with("ready"));

  Process none = limited("60", "");
  CHECK(none.wait() == 1);
  MESSAGE(none.err().text());
  CHECK(none.err().text().find("60 files") != std::string::npos);
}
