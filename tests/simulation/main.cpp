// Runs seeds until a promise is broken, or sweeps over single faults.
#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/simulation/runs.hpp"
#include "tests/simulation/sweep.hpp"

namespace {

constexpr const char* usage =
    "usage: simulation [--seeds N] [--from S] [--jobs N] [--twice] [--trace]\n"
    "       simulation --sweep [KIND/OCCURRENCE/FAULT/SEED] [--trace]\n"
    "\n"
    "  --seeds N   so many runs, each decided by its seed (300)\n"
    "  --from S    the first seed (1)\n"
    "  --jobs N    processes that share the seeds (as many as there are cores)\n"
    "  --twice     each seed twice: it must come to the same\n"
    "  --trace     with all that happens\n"
    "  --sweep     one message of each kind is lost, doubled or late, once, in an otherwise calm "
    "run\n";

struct Options {
  baton::internal::simulation::Runs runs;
  bool sweep = false;
  std::string fault;
};

bool read_number(const char* text, std::uint64_t& value) {
  char* end = nullptr;
  value = std::strtoull(text, &end, 10);
  return *end == '\0' && end != text;
}

bool parse(int argc, char** argv, Options& options) {
  std::uint64_t jobs = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const bool has_value = i + 1 < argc && argv[i + 1][0] != '-';
    auto* value = option == "--seeds"  ? &options.runs.seeds
                  : option == "--from" ? &options.runs.from
                  : option == "--jobs" ? &jobs
                                       : nullptr;
    if (value) {
      if (!has_value || !read_number(argv[++i], *value)) return false;
    } else if (option == "--sweep") {
      options.sweep = true;
      if (has_value) options.fault = argv[++i];
    } else if (option == "--trace") {
      options.runs.trace = true;
    } else if (option == "--twice") {
      options.runs.twice = true;
    } else {
      return false;
    }
  }
  options.runs.jobs = static_cast<unsigned>(jobs);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) return std::fputs(usage, stderr), 2;
  // A run's memory serves the next one: a sixth of the time went into page faults.
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  if (options.sweep) return baton::internal::simulation::sweep(options.fault, options.runs.trace);
  return baton::internal::simulation::run_seeds(options.runs);
}
