// Checks that stay in every build: for check_invariants(), which only tests and debug builds call.
#pragma once

#include <stdexcept>
#include <string>

namespace baton::internal {

/// Throws std::logic_error, naming the place, when an invariant does not hold.
/// (std::source_location would be the word, but clang 14 has none.)
inline void ensure(bool holds, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (!holds)
    throw std::logic_error(std::string(file) + ":" + std::to_string(line) +
                           ": an invariant does not hold");
}

}  // namespace baton::internal
