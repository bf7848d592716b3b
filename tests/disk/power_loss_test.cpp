// The power goes at any moment: what was kept by then is there, what was settled is not, and
// nothing else is.
#include <algorithm>
#include <random>
#include <set>

#include "tests/disk/stored_items.hpp"
#include "tests/disk/write_log.hpp"

namespace baton::internal::broker::test {
namespace {

constexpr std::size_t points = 200;  // at which the power goes
constexpr int rounds = 300;

/// What is kept for sure once the log has this size.
struct Moment {
  std::size_t writes = 0;
  std::map<std::uint64_t, std::string> items;
  std::uint64_t last = 0;  ///< the highest id that was put so far
};

std::string body_of_item(std::uint64_t id, std::mt19937_64& random) {
  return std::to_string(id) + std::string(random() % (random() % 20 == 0 ? 20'000 : 200), 'x');
}

/// Puts, settles and keeps for a while.
std::vector<Moment> live(const Directory& directory, const WriteLog& log, std::mt19937_64& random) {
  Disk disk(directory);
  Moment now;
  std::vector<Moment> moments{now};
  now.last = disk.loaded.first.value - 1;
  for (int round = 0; round < rounds; ++round) {
    for (auto puts = random() % 20; puts > 0; --puts) {
      const auto id = ++now.last;
      disk.put(id, now.items[id] = body_of_item(id, random));
    }
    for (auto settles = random() % 20; settles > 0 && !now.items.empty(); --settles) {
      const auto item =
          std::next(now.items.begin(), static_cast<std::ptrdiff_t>(random() % now.items.size()));
      disk.erase(item->first);
      now.items.erase(item);
    }
    disk.keep();
    now.writes = log.size();
    moments.push_back(now);
  }
  return moments;
}

/// What is there is what was kept at `before`, and between it and `after`, in any part, what then
/// changed.
void check(Disk& disk, const Moment& before, const Moment& after) {
  std::size_t wrong = 0, missing = 0;
  std::set<std::uint64_t> there;
  for (const auto& item : disk.loaded.items) {
    const auto id = item.id.value;
    there.insert(id);
    const auto old = before.items.find(id), later = after.items.find(id);
    const bool new_one = id > before.last && id <= after.last;
    wrong += old == before.items.end() && !new_one;
    const auto* body = old != before.items.end()    ? &old->second
                       : later != after.items.end() ? &later->second
                                                    : nullptr;
    wrong += body && disk.storage.body(item.id) != *body;
  }
  for (const auto& [id, body] : before.items)
    missing += !there.contains(id) && after.items.contains(id);
  CHECK(wrong == 0);
  CHECK(missing == 0);
}

}  // namespace

TEST_CASE(
    "the power goes at any of 200 moments: what was kept is there and what was settled is not") {
  const Directory directory;
  std::mt19937_64 random(1);  // NOLINT: the same each time
  const WriteLog log(directory.path);
  const auto moments = live(directory, log, random);
  REQUIRE(log.size() > 3 * rounds);  // pages, a sync and a meta page each time
  for (std::size_t i = 0; i < points; ++i) {
    const auto count = moments[1].writes + random() % (moments.back().writes - moments[1].writes);
    const auto after = std::find_if(moments.begin(), moments.end(),
                                    [&](const auto& one) { return one.writes > count; });
    CAPTURE(count);
    const Directory left;
    log.replay(count, left.path, random);
    Disk disk(left, 1u << 30, {8});
    check(disk, *std::prev(after), *after);
  }
}

}  // namespace baton::internal::broker::test
