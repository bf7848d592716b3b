// What a machine forbids is skipped, with the true reason. With CI set it must not be: there a skip
// is a failure.
#pragma once

#include <doctest/doctest.h>

#include <string>

namespace baton::internal::tests {

/// The exit code of a test program that skipped a case and failed none (ctest's SKIP_RETURN_CODE).
inline constexpr int skipped_code = 77;

/// Prints "skipped: REASON", which `./run test` gathers for its summary; with CI set the case at
/// hand fails.
void skip(const std::string& reason);
bool has_skipped();

}  // namespace baton::internal::tests

/// Leaves the test case unless the machine allows what it needs. `reason` says what is missing, as
/// precisely as it is known.
#define SKIP_UNLESS(allowed, reason)          \
  do {                                        \
    if (!(allowed)) {                         \
      ::baton::internal::tests::skip(reason); \
      return;                                 \
    }                                         \
  } while (false)
