// What guarantees cost at full load, as the bench measures it: beside one another in one run, so
// that what else the machine does falls on all. The bars are far from what is usual; they find what
// has become several times slower.
#include <sstream>
#include <utility>

#include "tests/support/baton.hpp"
#include "tests/support/show.hpp"

using namespace baton::internal::e2e;

namespace {

struct Figures {
  double rate = 0;                                  // thousand items a second
  double broker = 0, producers = 0, consumers = 0;  // us of CPU per item
};

const std::string contest = "throughput/3+6/100B/";

Figures figures_of(const std::string& contestant, const std::vector<Line>& rows) {
  for (const auto& line : rows) {
    std::istringstream row(line.text);
    std::string name, word;
    Figures figures;
    row >> name >> figures.rate;
    for (int skipped = 0; skipped < 5; ++skipped) row >> word;
    if (name == contest + contestant &&
        row >> figures.broker >> figures.producers >> figures.consumers)
      return figures;
  }
  FAIL("the bench printed no row for ", contestant);
  return {};
}

/// Round after round in turns.
std::pair<Figures, Figures> beside(const std::string& one, const std::string& other) {
  Process bench({program_path("baton-bench"), "--rounds", "3", "--seconds", "0.5", "--only",
                 contest + one, "--only", contest + other});
  REQUIRE(bench.wait(120s) == 0);
  const auto rows = bench.out().lines();
  return {figures_of(one, rows), figures_of(other, rows)};
}

}  // namespace

TEST_SUITE("timed") {
  TEST_CASE("rates: what is kept costs its broker more work and others next to none") {
    const auto [packed, kept] = beside("packed", "kept");
    MESSAGE("kept, of not kept: rate ", kept.rate / packed.rate, ", CPU of broker ",
            kept.broker / packed.broker, ", producers ", kept.producers / packed.producers,
            ", consumers ", kept.consumers / packed.consumers);
    CHECK(kept.rate > packed.rate * 0.3);
    CHECK(kept.broker < packed.broker * 5);
    CHECK(kept.producers < packed.producers * 2);
    CHECK(kept.consumers < packed.consumers * 2);
  }

  TEST_CASE("rates: prefetched items pass about as fast as through a plain proxy") {
    const auto [proxy, packed] = beside("proxy", "packed");
    MESSAGE("packed, of a proxy: rate ", packed.rate / proxy.rate, ", CPU of the carrier ",
            packed.broker / proxy.broker);
    CHECK(packed.rate > proxy.rate * 0.5);
    CHECK(packed.broker < proxy.broker * 2);
  }
}
