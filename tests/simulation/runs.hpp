// Many seeds, by several processes.
#pragma once

#include <cstdint>

namespace baton::internal::simulation {

struct Runs {
  std::uint64_t seeds = 300, from = 1;
  unsigned jobs = 0;   ///< processes; 0: as many as there are cores, one for a few seeds
  bool trace = false;  ///< prints all that happens: one process
  bool twice = false;  ///< each seed runs twice, and must come to the same
};

/// Stops at the first broken promise: of the lowest seed that breaks one. Says what was done.
/// Returns the exit code.
int run_seeds(const Runs& runs);

}  // namespace baton::internal::simulation
