// Nonsense with a valid envelope: sessions that stand and say what no client of ours would. The
// books balance all the same, and nobody else's queue suffers.
#include <doctest/doctest.h>

#include <random>

#include "tests/worlds/nonsense.hpp"

namespace baton::internal::broker::test {
namespace {

CoreSettings small() {
  CoreSettings settings;
  settings.max_items = 50;
  settings.max_attempts = 3;
  settings.console_keep = 1 << 16;
  return settings;
}

TEST_CASE("nonsense from sessions that stand breaks no invariant") {
  std::uint64_t refused = 0, put = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    Nonsense nonsense(small(), [random = std::mt19937_64(seed)](std::uint64_t n) mutable {
      return random() % n;
    });
    for (int i = 0; i < 4000; ++i) {
      nonsense.send_one();
      if (i % 3 == 0) nonsense.turn();
    }
    const auto& core = nonsense.dispatcher().core();
    refused += core.refused(Refusal::not_held) + core.refused(Refusal::malformed);
    put += nonsense.put();
  }
  MESSAGE("items put ", put, ", refused ", refused);
  CHECK(put > 1000);
  CHECK(refused > 1000);
}

}  // namespace
}  // namespace baton::internal::broker::test
