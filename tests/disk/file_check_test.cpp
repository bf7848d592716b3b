// The look at an LMDB file from outside: pages of meta data as LMDB writes them, and what is not
// right with them.
#include "broker/disk/file_check.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "broker/disk/database.hpp"
#include "broker/disk/in_place.hpp"
#include "proto/bytes.hpp"
#include "tests/disk/stored_items.hpp"

namespace baton::internal::broker::test {
namespace {

constexpr std::uint32_t page_size = 4096;

std::string meta_page(std::uint64_t last_page, std::uint64_t transaction) {
  std::string page(page_size, '\0');
  store(page.data() + 16, std::uint32_t{0xBEEFC0DE});
  store(page.data() + 20, std::uint32_t{1});
  store(page.data() + 40, page_size);
  store(page.data() + 136, last_page);
  store(page.data() + 144, transaction);
  return page;
}

/// Two meta pages and `pages` in all; whether that passes.
bool passes(const Directory& directory, const std::string& first, const std::string& second,
            std::uint64_t pages = 3) {
  const auto path = directory.path / "file.mdb";
  std::ofstream(path, std::ios::binary) << first << second;
  std::filesystem::resize_file(path, pages * page_size);
  try {
    disk::check_file(path, directory.path / "none");
    return true;
  } catch (const disk::Damage&) {
    return false;
  }
}

TEST_CASE("a file is about as long as its newest meta page says, or damaged") {
  constexpr std::uint64_t far = 200'000;  // pages
  const Directory directory;
  CHECK(passes(directory, meta_page(1, 0), meta_page(2, 1)));
  CHECK(passes(directory, meta_page(1, 0), meta_page(30, 1)));
  CHECK(passes(directory, meta_page(2, 2), meta_page(far, 1)));
  CHECK_FALSE(passes(directory, meta_page(1, 0), meta_page(far, 1)));
  CHECK_FALSE(passes(directory, meta_page(1, 0), meta_page(UINT64_MAX, 1)));
  CHECK_FALSE(passes(directory, meta_page(1, 0), std::string(page_size, '\0')));
}

TEST_CASE("what was opened and never written to is no data and not damaged") {
  const Directory directory;
  MDB_env* env = nullptr;
  REQUIRE(mdb_env_create(&env) == MDB_SUCCESS);
  CHECK(mdb_env_open(env, (directory.path / "baton.mdb").c_str(), MDB_NOSUBDIR, 0644) ==
        MDB_SUCCESS);
  mdb_env_close(env);
  try {
    const disk::Database database(directory.path, disk::Database::Access::read);
    FAIL("there is no data");
  } catch (const disk::Damage& damage) {
    FAIL(damage.what());
  } catch (const std::runtime_error& error) {
    CHECK(std::string(error.what()).find("no data in") == 0);
  }
  CHECK(disk::Database(directory.path).count() == 0);
}

TEST_CASE("a transaction is this process's own where it lies on top of the last one that it saw") {
  const Directory directory;
  const auto path = directory.path / "file.mdb";
  const auto write = [&](std::uint64_t first, std::uint64_t second) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file << meta_page(1, first) << meta_page(2, second);
  };
  REQUIRE(passes(directory, meta_page(1, 6), meta_page(2, 7)));
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  disk::FileState state;
  state.begin(path, fd);
  CHECK_NOTHROW(state.check());
  write(8, 7);
  CHECK_NOTHROW(state.committed(8));
  CHECK_NOTHROW(state.check());
  write(8, 5);  // another file's page beside it
  CHECK_NOTHROW(state.check());
  write(8, 9);
  CHECK_THROWS_AS(state.check(), disk::Removed);
  CHECK_THROWS_AS(state.committed(10), disk::Removed);
  write(4, 9);
  CHECK_THROWS_AS(state.committed(9), disk::Removed);
  write(8, 9);
  std::filesystem::resize_file(path, 2 * page_size);
  CHECK_NOTHROW(state.committed(9));
  CHECK_THROWS_AS(state.check(), disk::Removed);
  close(fd);
}

/// A transaction of LMDB takes pages at the file's end, gives them back, and never writes them.
TEST_CASE("a file that LMDB left shorter than its meta page says is whole") {
  constexpr std::uint64_t items = 100'000, pack = 1000, at_once = 6000;
  const Directory directory;
  std::uint64_t left = items, short_of = 0;
  {
    disk::Database database(directory.path);
    Ticket ticket = 0;
    for (std::uint64_t id = 1; id <= items;) {
      const auto segment = std::make_shared<log::Segment>(ItemId{id}, ++ticket);
      for (; id <= items && segment->has_room(); ++id)
        segment->add({0, 0, 4, SeqNo{id}, {}, std::string(100, 'x')});
      log::Batch batch;
      batch.puts.push_back({segment, segment->gone()});
      database.write(batch, disk::Database::What::all, BrokerInstance{7});
    }
    // As six consumers settle their packs, one item each in turn.
    while (short_of == 0) {
      REQUIRE(left > at_once);
      log::Batch batch;
      for (std::uint64_t i = 0; i < pack; ++i)
        for (std::uint64_t consumer = 0; consumer < at_once / pack; ++consumer)
          batch.erased.push_back({1 + (items - left) + consumer * pack + i});
      database.write(batch, disk::Database::What::settles, BrokerInstance{7});
      left -= at_once;
      const auto size = std::filesystem::file_size(directory.path / "baton.mdb");
      short_of = database.size().all > size ? database.size().all - size : 0;
    }
  }
  MESSAGE("the file is ", short_of, " bytes shorter than its meta page says");
  Disk disk(directory);
  CHECK(disk.loaded.items.size() == left);
}

}  // namespace
}  // namespace baton::internal::broker::test
