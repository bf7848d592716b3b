// A producer's input, gone through again: what was put before, and where it is something else.
#include "producer/retrace.hpp"

#include <doctest/doctest.h>

#include <string>

#include "broker/checkpoints.hpp"

namespace baton::internal {
namespace {

using Verdict = Retrace::Verdict;
using Lines = std::vector<std::string>;

Lines lines(int count) {
  Lines all;
  for (int i = 1; i <= count; ++i) all.push_back("line " + std::to_string(i));
  return all;
}

/// What a broker remembers when messages of so many items each have brought this input.
std::vector<Checkpoint> put(const Lines& input, std::size_t a_message = 1,
                            const std::string& queue = "q") {
  broker::Checkpoints remembered;
  InputChain chain(queue);
  for (std::size_t i = 0; i < input.size(); ++i) {
    chain.add(input[i]);
    if ((i + 1) % a_message == 0 || i + 1 == input.size()) remembered.note({chain.at(), false});
  }
  return remembered.all();
}

struct Result {
  std::uint64_t in = 0, fresh = 0, same = 0;
  std::uint64_t differs_at = 0;  // 0: nowhere
  bool complete = false;
};

Result retrace(const std::vector<Checkpoint>& before, const Lines& input) {
  Retrace retrace("q", before);
  Result result;
  for (const auto& line : input) {
    const auto verdict = retrace.next(line);
    if (verdict == Verdict::differs && result.differs_at == 0)
      result.differs_at = retrace.at().items;
    result.in += verdict == Verdict::in;
    result.fresh += verdict == Verdict::fresh;
  }
  result.same = retrace.same();
  result.complete = retrace.complete();
  return result;
}

TEST_CASE("retrace: the same input goes on behind what was put, and one that grew, too") {
  for (const std::size_t a_message : {1, 7, 100}) {
    const auto result = retrace(put(lines(40), a_message), lines(52));
    CHECK(result.in == 40);
    CHECK(result.fresh == 12);
    CHECK(result.complete);
  }
  CHECK(retrace(put(lines(40)), lines(40)).complete);
  CHECK(retrace({}, lines(3)).fresh == 3);
}

TEST_CASE(
    "retrace: wherever one line is another, it is found before anything is put, and between which "
    "lines") {
  const auto before = put(lines(1000));
  for (std::size_t changed = 1; changed <= 1000; ++changed) {
    auto other = lines(1100);
    other[changed - 1] += "!";
    const auto result = retrace(before, other);
    REQUIRE(result.fresh == 0);
    REQUIRE(result.same < changed);
    REQUIRE(result.differs_at >= changed);
    REQUIRE(1000 - result.same <= 4 * (1000 - result.differs_at) + 4);
    REQUIRE_FALSE(result.complete);
  }
  auto later = lines(1100);
  later[1000] = "corrected before it was put";
  CHECK(retrace(before, later).fresh == 100);
}

TEST_CASE("retrace: lines that moved, went or came in between are found") {
  const auto before = put(lines(100));
  auto swapped = lines(100), missing = lines(100), added = lines(100), joined = lines(100);
  std::swap(swapped[10], swapped[11]);
  missing.erase(missing.begin() + 50);
  added.insert(added.begin() + 50, "one more");
  joined[20] += joined[21];
  joined[21].clear();
  for (const auto& input : {swapped, missing, added, joined}) {
    CHECK(retrace(before, input).fresh == 0);
    CHECK_FALSE(retrace(before, input).complete);
  }
}

TEST_CASE("retrace: an input that was cut off is not complete") {
  const auto result = retrace(put(lines(100)), lines(60));
  CHECK(result.fresh == 0);
  CHECK(result.differs_at == 0);
  CHECK_FALSE(result.complete);
  CHECK(result.same <= 60);
}

TEST_CASE(
    "retrace: the same words for another queue are something else, and what nobody has a digest of "
    "is, too") {
  CHECK(retrace(put(lines(3), 1, "other"), lines(3)).differs_at == 1);
  CHECK(retrace({{2, {}}}, lines(3)).differs_at == 2);
}

}  // namespace
}  // namespace baton::internal
