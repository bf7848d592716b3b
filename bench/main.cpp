// baton-bench: this system's throughput and latency, beside a plain zmq_proxy. Each contestant runs
// in turn, round after round, so that what else the machine does falls on all of them.
#include <zmq.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include "bench/report.hpp"
#include "bench/worker.hpp"
#include "cli/program.hpp"

namespace baton::internal::bench {
namespace {

struct Options {
  std::chrono::milliseconds window{2000};
  int rounds = 3;
  std::vector<std::string> only;
  unsigned seed = 1;
};

Contest contest(bool latency, std::size_t producers, std::size_t consumers, std::size_t size) {
  Contest contest;
  contest.name = std::string(latency ? "latency" : "throughput") + "/" + std::to_string(producers) +
                 "+" + std::to_string(consumers) + "/" + std::to_string(size) + "B";
  contest.setup.latency = latency;
  contest.setup.producers = producers;
  contest.setup.consumers = consumers;
  contest.setup.size = size;
  return contest;
}

std::vector<Contest> all_contests() {
  const Contestant proxy{"proxy", {true, "", 1000}};
  const Contestant wide_proxy{"proxy-hwm-100k", {true, "", 100'000}};
  const Contestant packed{"packed", {false, "", 1000}};
  const Contestant on_demand{"prefetch-0", {false, "", 0}};
  const Contestant kept{"kept", {false, "", 1000, true}};
  const Contestant kept_backlog{"kept-backlog-500k", {false, "", 1000, true, 500'000}};
  std::vector<Contest> contests;
  for (const std::size_t size : {100u, 1024u}) {
    for (const std::size_t scale : {1u, 3u}) {
      contests.push_back(contest(false, scale, scale == 1 ? 1 : 2 * scale, size));
      contests.back().contestants = {proxy, wide_proxy, packed, on_demand, kept, kept_backlog};
    }
    contests.push_back(contest(true, 1, 1, size));
    contests.back().contestants = {proxy, on_demand};
  }
  return contests;
}

Options parse(int argc, char** argv) {
  Options options;
  cli::CommandLine line(
      "Throughput and latency of Baton beside a plain zmq_proxy, with real processes.",
      "baton-bench");
  line.parsed("--seconds", options.window, parse_seconds, "length of each measured window")
      .shown("S [2]");
  line.number("--rounds", options.rounds, 1, 1000,
              "how often each contestant runs; medians are printed");
  line.texts("--only", options.only,
             "run what is called this, or has it in its name; may be given several times: "
             "throughput/3+6/100B/packed")
      .shown("NAME");
  line.number("--seed", options.seed, 0, UINT32_MAX, "of the bodies' bytes");
  if (const auto code = line.parse(argc, argv)) std::exit(*code);
  return options;
}

void print_settings(const Options& options) {
  int major = 0, minor = 0, patch = 0;
  zmq_version(&major, &minor, &patch);
  std::printf("seed %u, window %g s, rounds %d, queue limit %d items, cores %u, libzmq %d.%d.%d\n",
              options.seed, std::chrono::duration<double>(options.window).count(), options.rounds,
              queue_limit, std::thread::hardware_concurrency(), major, minor, patch);
}

int run_all(const Options& options) {
  print_settings(options);
  print_heading();
  bool clean = true;
  for (Contest contest : all_contests()) {
    contest.setup.window = options.window;
    contest.setup.seed = options.seed;
    clean &= hold(contest, options.rounds, options.only);
  }
  return clean ? 0 : 1;
}

}  // namespace
}  // namespace baton::internal::bench

int main(int argc, char** argv) {
  using namespace baton::internal::bench;
  try {
    if (argc == 3 && std::string(argv[1]) == worker_mark)
      return run_worker(from_arguments({argv, argv + argc}));
    return run_all(parse(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
