// Single faults: in a small, calm scenario one message of each kind is lost, doubled or late, once.
#pragma once

#include <string>

namespace baton::internal::simulation {

/// `only`: one fault, as KIND/OCCURRENCE/FAULT/SEED; empty: all. Prints a line for each kind.
/// Returns the exit code: 1 when a promise is broken, or when a kind never occurred.
int sweep(const std::string& only, bool trace);

}  // namespace baton::internal::simulation
