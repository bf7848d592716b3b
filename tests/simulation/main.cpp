// simulation [--seeds N] [--from S] [--trace]: runs N seeds, the first is S; stops at the first broken promise.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/simulation/simulation.hpp"

namespace {

using baton::simulation::Simulation;

struct Options {
  unsigned long long seeds = 300, from = 1;
  bool trace = false;
};

unsigned long long seed_at_work;

/// A failed assert ends the process: the seed is said all the same.
void say_seed(int) {
  char text[64];
  const int size = std::snprintf(text, sizeof text, "seed %llu: aborted\n", seed_at_work);
  static_cast<void>(!write(STDERR_FILENO, text, static_cast<std::size_t>(size)));
}

int usage() {
  std::fputs("usage: simulation [--seeds N] [--from S] [--trace]\n", stderr);
  return 2;
}

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--trace") == 0) {
      options.trace = true;
      continue;
    }
    auto* value = std::strcmp(argv[i], "--seeds") == 0  ? &options.seeds
                  : std::strcmp(argv[i], "--from") == 0 ? &options.from
                                                        : nullptr;
    if (!value || ++i == argc) return false;
    char* end = nullptr;
    *value = std::strtoull(argv[i], &end, 10);
    if (*end != '\0' || end == argv[i]) return false;
  }
  return true;
}

bool run(const Options& options, std::size_t& items) {
  Simulation simulation(seed_at_work, options.trace);
  try {
    simulation.run();
    items += simulation.items();
    if (options.seeds == 1)
      std::printf("seed %llu: %zu items, digest %016llx\n", seed_at_work, simulation.items(),
                  static_cast<unsigned long long>(simulation.digest()));
    return true;
  } catch (const std::exception& violation) {  // a Violation, or an invariant that does not hold
    std::printf("seed %llu: BROKEN: %s\n%sagain, with all that happens: simulation --from %llu --seeds 1 --trace\n",
                seed_at_work, violation.what(), simulation.state().c_str(), seed_at_work);
    return false;
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) return usage();
  std::signal(SIGABRT, say_seed);
  std::size_t items = 0;
  for (seed_at_work = options.from; seed_at_work < options.from + options.seeds; ++seed_at_work)
    if (!run(options, items)) return 1;
  std::printf("%llu seeds from %llu: every promise was kept, for %zu items\n", options.seeds, options.from, items);
  return 0;
}
