// Checks that stay in every build: for check_invariants(), which only tests and debug builds call.
#pragma once

#include <source_location>
#include <stdexcept>
#include <string>

namespace baton {

/// Throws std::logic_error, naming the place, when an invariant does not hold.
inline void ensure(bool holds, const std::source_location& where = std::source_location::current()) {
  if (!holds)
    throw std::logic_error(std::string(where.file_name()) + ":" + std::to_string(where.line()) +
                           ": an invariant does not hold");
}

}  // namespace baton
