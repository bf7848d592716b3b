// The main of the test programs: doctest's, and an exit code of its own when something was skipped.
#define DOCTEST_CONFIG_IMPLEMENT
#include <cstdlib>
#include <iostream>

#include "tests/support/skip.hpp"

namespace baton::internal::tests {
namespace {

bool skipped = false;

}  // namespace

void skip(const std::string& reason) {
  if (std::getenv("CI")) FAIL("this must not be skipped here: " << reason);
  skipped = true;
  std::cout << "skipped: " << reason << std::endl;
}

bool has_skipped() { return skipped; }

}  // namespace baton::internal::tests

int main(int argc, char** argv) {
  doctest::Context context(argc, argv);
  const int code = context.run();
  if (code != 0 || context.shouldExit()) return code;
  return baton::internal::tests::has_skipped() ? baton::internal::tests::skipped_code : 0;
}
