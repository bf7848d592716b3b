#include "tests/simulation/runs.hpp"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "tests/simulation/simulation.hpp"

namespace baton::internal::simulation {
namespace {

constexpr std::uint64_t none = UINT64_MAX;
constexpr std::uint64_t block = 20;  // seeds that a process takes at a time

/// What the processes share.
struct Board {
  std::atomic<std::uint64_t> next{0};       // the next block to be taken
  std::atomic<std::uint64_t> broken{none};  // the lowest seed that broke a promise
  std::atomic<std::uint64_t> items{0};
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

Board* board;
std::uint64_t seed_at_work;

void note_broken() {
  for (auto lowest = board->broken.load(); seed_at_work < lowest;)
    if (board->broken.compare_exchange_weak(lowest, seed_at_work)) return;
}

/// A failed assert ends the process: its seed is noted all the same.
void on_abort(int) { note_broken(); }

std::uint64_t run(bool trace) {
  Simulation simulation(seed_at_work, trace);
  simulation.run();
  board->items += simulation.items();
  return simulation.digest();
}

/// Whether all promises were kept; nothing is said.
bool try_seed(const Runs& runs) {
  try {
    const auto digest = run(false);
    return !runs.twice || digest == run(false);
  } catch (const std::exception&) {
    return false;
  }
}

/// A process: takes blocks of seeds, and leaves those out that come after a broken one.
void work(const Runs& runs) {
  std::signal(SIGABRT, on_abort);
  for (auto begin = board->next++ * block; begin < runs.seeds; begin = board->next++ * block)
    for (auto i = begin; i < std::min(begin + block, runs.seeds); ++i) {
      seed_at_work = runs.from + i;
      if (seed_at_work > board->broken) return;
      if (!try_seed(runs)) return note_broken();
    }
}

/// Says how a seed fares. Returns whether it kept the promises.
bool show(const Runs& runs, std::uint64_t seed) {
  seed_at_work = seed;
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);  // an assert may end it
  Simulation simulation(seed, runs.trace);
  try {
    simulation.run();
    std::printf("seed %llu: every promise was kept, %zu items, digest %016llx\n",
                static_cast<unsigned long long>(seed), simulation.items(),
                static_cast<unsigned long long>(simulation.digest()));
    return true;
  } catch (const std::exception& violation) {  // a Violation, or an invariant that does not hold
    std::printf(
        "seed %llu: BROKEN: %s\n%sagain, with all that happens: simulation --from %llu --seeds 1 "
        "--trace\n",
        static_cast<unsigned long long>(seed), violation.what(), simulation.state().c_str(),
        static_cast<unsigned long long>(seed));
    return false;
  }
}

void run_all(const Runs& runs, unsigned jobs) {
  std::vector<pid_t> children;
  for (unsigned i = 0; i < jobs; ++i) {
    const auto child = fork();
    if (child == 0) {
      work(runs);
      std::exit(0);  // so that what a coverage build counted is written
    }
    if (child > 0) children.push_back(child);
  }
  for (const auto child : children) waitpid(child, nullptr, 0);
}

}  // namespace

int run_seeds(const Runs& runs) {
  auto* memory =
      mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return std::perror("mmap"), 1;
  board = new (memory) Board;
  if (runs.seeds == 1 && !runs.twice) return show(runs, runs.from) ? 0 : 1;
  const auto begin = std::chrono::steady_clock::now();
  const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  run_all(runs, runs.jobs > 0 ? runs.jobs : runs.seeds > block ? cores : 1);
  if (board->broken != none) {
    if (show(runs, board->broken))
      std::printf("seed %llu: BROKEN: it does not replay\n",
                  static_cast<unsigned long long>(board->broken.load()));
    return 1;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf("%llu seeds from %llu: every promise was kept, for %llu items; %.0f seeds/s\n",
              static_cast<unsigned long long>(runs.seeds),
              static_cast<unsigned long long>(runs.from),
              static_cast<unsigned long long>(board->items.load()),
              static_cast<double>(runs.seeds) / took.count());
  return 0;
}

}  // namespace baton::internal::simulation
