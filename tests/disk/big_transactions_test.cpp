// Transactions of all sizes, as a slow disk and many consumers make them: after each the data is
// whole.
#include <algorithm>
#include <random>
#include <set>

#include "tests/disk/stored_items.hpp"

namespace baton::internal::broker::test {
namespace {

/// A database, and which items it must have.
class Model {
 public:
  Model(const std::filesystem::path& directory, std::uint64_t seed)
      : database_(directory), random_(seed) {}

  void put(std::uint64_t count) {
    log::Batch batch;
    for (std::uint64_t i = 0; i < count;) {
      const auto segment = std::make_shared<log::Segment>(ItemId{next_}, 1);
      for (; i < count && segment->has_room(); ++i, ++next_) {
        segment->add({0,
                      0,
                      4,
                      SeqNo{next_},
                      {},
                      std::string(below(30) == 0 ? below(20'000) : below(200), 'x')});
        items_.insert(next_);
      }
      batch.puts.push_back({segment, segment->gone()});
    }
    write(batch);
  }
  /// The oldest ones but for a few, as so many consumers settle them: each of them a pack, item by
  /// item in turn.
  void erase(std::uint64_t count, std::uint64_t consumers) {
    std::vector<std::uint64_t> oldest;
    for (const auto id : items_)
      if (oldest.size() < count && below(200) != 0) oldest.push_back(id);
    log::Batch batch;
    const auto pack = (oldest.size() + consumers - 1) / consumers;
    for (std::uint64_t i = 0; i < pack; ++i)
      for (auto at = i; at < oldest.size(); at += pack) batch.erased.push_back({oldest[at]});
    for (const auto id : oldest) items_.erase(id);
    write(batch);
  }
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  const std::set<std::uint64_t>& items() const { return items_; }

 private:
  void write(log::Batch& batch) {
    batch.last = ItemId{next_ - 1};
    database_.write(batch, disk::Database::What::all, BrokerInstance{7});
  }

  disk::Database database_;
  std::mt19937_64 random_;
  std::set<std::uint64_t> items_;
  std::uint64_t next_ = 1;
};

/// What a broker finds that is started on what another one, killed now, leaves.
std::set<std::uint64_t> found_after_kill(const Directory& directory) {
  const Directory copy;
  for (const auto* file : {"baton.mdb", "mark"})
    std::filesystem::copy(directory.path / file, copy.path / file);
  const Disk disk(copy);
  std::set<std::uint64_t> found;
  for (const auto& item : disk.loaded.items) found.insert(item.id.value);
  return found;
}

TEST_CASE("after each of many transactions of all sizes the data is whole") {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    CAPTURE(seed);
    const Directory directory;
    Model model(directory.path, seed);
    model.put(20'000 + model.below(30'000));
    for (int transaction = 0; transaction < 20; ++transaction) {
      const auto size = std::uint64_t{1} << model.below(15);
      if (model.below(3) == 0)
        model.put(size);
      else
        model.erase(size, 1 + model.below(8));
      REQUIRE(found_after_kill(directory) == model.items());
    }
  }
}

}  // namespace
}  // namespace baton::internal::broker::test
