// Checks that are in every build: for check_invariants(), which is called by tests and debug builds
// only.
#pragma once

#include <stdexcept>
#include <string>

namespace baton::internal {

/// Throws std::logic_error, naming the place, if `holds` is false. (clang 14 has no
/// std::source_location.)
inline void ensure(bool holds, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (!holds)
    throw std::logic_error(std::string(file) + ":" + std::to_string(line) +
                           ": an invariant does not hold");
}

}  // namespace baton::internal
