// The walk over the pages of a file: what passes serves, and goes on serving when it was written
// to.
#include "broker/disk/page_walk.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <memory>
#include <random>
#include <set>
#include <string>

#include "broker/disk/database.hpp"
#include "broker/disk/lmdb_layout.hpp"
#include "tests/disk/stored_items.hpp"

namespace baton::internal::broker::test {
namespace {

constexpr std::size_t page = 4096;  // bytes
constexpr int places = 3000;

std::string body(std::uint64_t id) {
  return std::to_string(id) + std::string(id % 40 == 0 ? 9000 : id % 200, 'x');
}

/// Items that are put and erased by ids, some at a time.
class Stored {
 public:
  explicit Stored(const Directory& directory) : database_(directory.path) {}

  void put(std::uint64_t from, std::uint64_t to) {
    log::Batch batch;
    const auto segment = std::make_shared<log::Segment>(ItemId{from}, ++ticket_);
    for (auto id = from; id < to; ++id) segment->add({0, 0, 4, SeqNo{id}, {}, body(id)});
    batch.puts.push_back({segment, segment->gone()});
    batch.last = ItemId{to - 1};
    database_.write(batch, disk::Database::What::all, BrokerInstance{7});
  }
  void erase(const std::vector<std::uint64_t>& ids) {
    log::Batch batch;
    for (const auto id : ids) batch.erased.push_back({id});
    database_.write(batch, disk::Database::What::settles, BrokerInstance{7});
  }
  void compact() { database_.compact(); }
  /// The ids of all, whose bodies must be what was put.
  std::set<std::uint64_t> load() {
    std::set<std::uint64_t> ids;
    database_.load({[](const log::Superblock&) {}, [](std::uint64_t, std::string_view) {},
                    [](std::uint64_t, const log::ProducerRow&) {},
                    [&](std::uint64_t id, const log::ItemRow& row, const log::StateRow*) {
                      CHECK(row.body == body(id));
                      ids.insert(id);
                    }});
    return ids;
  }

 private:
  disk::Database database_;
  Ticket ticket_ = 0;
};

/// Many transactions, so that pages are free, used again, and of all kinds.
std::set<std::uint64_t> fill(const Directory& directory, std::uint64_t items) {
  Stored kept(directory);
  std::mt19937_64 random(7);  // NOLINT: the same each time
  std::set<std::uint64_t> ids;
  for (std::uint64_t next = 1; next < items; next += 100) {
    kept.put(next, next + 100);
    for (auto id = next; id < next + 100; ++id) ids.insert(id);
    std::vector<std::uint64_t> gone;
    for (const auto id : ids)
      if (random() % 12 == 0) gone.push_back(id);
    kept.erase(gone);
    for (const auto id : gone) ids.erase(id);
  }
  return ids;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool passes(const std::string& file) {
  try {
    disk::check_pages(file);
    return true;
  } catch (const disk::Damage&) {
    return false;
  }
}

/// The storage in the directory, unless it is found to be damaged at its start.
std::unique_ptr<Stored> start(const Directory& directory, std::set<std::uint64_t>& ids) {
  try {
    auto kept = std::make_unique<Stored>(directory);
    ids = kept->load();
    return kept;
  } catch (const disk::Damage&) {
    return nullptr;
  }
}

/// Writes over what is free, and reads it all again.
void go_on(Stored& kept, std::set<std::uint64_t> ids) {
  for (std::uint64_t round = 0, next = 1'000'000; round < 10; ++round, next += 50) {
    kept.put(next, next + 50);
    for (auto id = next; id < next + 50; ++id) ids.insert(id);
    const std::vector<std::uint64_t> gone(ids.begin(), std::next(ids.begin(), 40));
    kept.erase(gone);
    for (const auto id : gone) ids.erase(id);
    CHECK(kept.load() == ids);
  }
}

}  // namespace

TEST_CASE(
    "the pages of a file that LMDB wrote hang together and those of one with a bit flipped are "
    "refused or do") {
  const Directory directory;
  const auto ids = fill(directory, 6000);
  const auto path = directory.path / "baton.mdb";
  const auto whole = read_file(path);
  REQUIRE(passes(whole));
  std::mt19937_64 random(5);  // NOLINT: the same each time
  int refused = 0, harmless = 0;
  for (int i = 0; i < places; ++i) {
    auto bytes = whole;
    // Half of them where pages begin: there are their headers and the places of their nodes.
    const auto at = random() % 2 == 0 ? random() % bytes.size()
                                      : random() % (bytes.size() / page) * page + random() % 80;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
    if (!passes(bytes)) {
      ++refused;
      continue;
    }
    if (++harmless % 20 != 0) continue;
    Directory copy;
    std::ofstream(copy.path / "baton.mdb", std::ios::binary) << bytes;
    CAPTURE(at);
    std::set<std::uint64_t> loaded;
    const auto kept = start(copy, loaded);
    if (!kept) continue;
    CHECK(loaded == ids);
    go_on(*kept, ids);
  }
  MESSAGE("", refused, " refused of ", places, " in ", whole.size(), " bytes");
  CHECK(refused > 100);
}

TEST_CASE(
    "a page that is neither in use nor free does no harm but that the data cannot be made "
    "smaller") {
  using namespace disk::lmdb;
  const Directory directory;
  const auto ids = fill(directory, 1000);
  const auto path = directory.path / "baton.mdb";
  auto bytes = read_file(path);
  const auto number = [&](std::size_t at) { return load<std::uint64_t>(&bytes[at]); };
  const std::size_t metas[] = {page_header, page + page_header};
  const auto newest = metas[number(metas[1] + transaction_at) > number(metas[0] + transaction_at)];
  const auto free_pages = number(newest + free_at + root_at) * page;
  REQUIRE(load<std::uint16_t>(&bytes[free_pages + kind_at]) == leaf);
  const auto list = free_pages + load<std::uint16_t>(&bytes[free_pages + page_header]) +
                    node_header + sizeof(std::uint64_t);
  const auto count = number(list);
  REQUIRE(count > 1);
  store(&bytes[list], count - 1);
  std::ofstream(path, std::ios::binary) << bytes;

  Stored kept(directory);
  CHECK_THROWS_WITH_AS(kept.compact(),
                       "cannot compact: some pages of baton.mdb are neither in use nor free; its "
                       "items are all there",
                       disk::DiskError);
  CHECK(kept.load() == ids);
  go_on(kept, ids);
}

TEST_CASE("a bit of a meta page or of a database that is flipped is found or of no use") {
  const Directory directory;
  const auto ids = fill(directory, 1000);
  const auto whole = read_file(directory.path / "baton.mdb");
  const auto number = [&](std::size_t at) {
    return load<std::uint64_t>(&whole[at + disk::lmdb::page_header]);
  };
  const auto newest = number(disk::lmdb::transaction_at) > number(page + disk::lmdb::transaction_at)
                          ? std::size_t{0}
                          : page;
  const auto databases = number(newest + disk::lmdb::main_at + disk::lmdb::root_at) * page;
  const auto end_of_places = load<std::uint16_t>(&whole[databases + disk::lmdb::room_begin_at]);
  const auto rows = load<std::uint16_t>(&whole[databases + disk::lmdb::room_end_at]);
  std::vector<std::size_t> places;
  for (std::size_t at = 0; at < 160; ++at) places.insert(places.end(), {at, page + at});
  for (std::size_t at = 0; at < page; ++at)
    if (at < end_of_places || at >= rows) places.push_back(databases + at);
  int refused = 0, harmless = 0;
  for (const auto at : places)
    for (int bit = 0; bit < 8; ++bit) {
      if ((at * 8 + static_cast<std::size_t>(bit)) % 3 != 1) continue;  // all of them take a minute
      const Directory copy;
      std::filesystem::copy(directory.path, copy.path, std::filesystem::copy_options::recursive);
      auto bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
      std::ofstream(copy.path / "baton.mdb", std::ios::binary) << bytes;
      CAPTURE(at);
      CAPTURE(bit);
      std::set<std::uint64_t> loaded;
      const auto kept = start(copy, loaded);
      refused += kept == nullptr;
      if (!kept) continue;
      CHECK(loaded == ids);
      if (++harmless % 20 == 0) go_on(*kept, ids);
    }
  MESSAGE("", refused, " refused, ", harmless, " of no use");
}

}  // namespace baton::internal::broker::test
