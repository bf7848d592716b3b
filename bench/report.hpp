// Contests between ways to carry items, and the table of their results.
#pragma once

#include <string>
#include <vector>

#include "bench/run.hpp"

namespace baton::internal::bench {

struct Contestant {
  std::string name;
  Way way;
};

struct Contest {
  std::string name;
  Setup setup;                          ///< the same for all, but for the way
  std::vector<Contestant> contestants;  ///< the first is the yardstick of the others
};

void print_heading();

/// Runs each contestant whose name after the contest's is one of `only`, or contains it where
/// nobody is called that, in turns, and prints a line for each: medians over the rounds. All of
/// them where `only` is empty. A run that goes wrong is printed in its place. True when none did.
bool hold(const Contest& contest, int rounds, const std::vector<std::string>& only);

}  // namespace baton::internal::bench
