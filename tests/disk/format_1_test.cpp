// A data directory that a broker of format 1 has left.
#include <lmdb.h>

#include "broker/log/crc32.hpp"
#include "proto/bytes.hpp"
#include "tests/disk/stored_items.hpp"

namespace baton::internal::broker::test {
namespace {

std::string with_crc(std::uint64_t key, const std::string& rest) {
  std::string keyed, row;
  append(keyed, key);
  append(row, log::crc32(keyed + rest));
  return row + rest;
}

std::string item_row(std::uint64_t key, std::uint64_t due, const std::string& body) {
  std::string rest;
  for (const std::uint32_t index : {0, 0}) append(rest, index);
  append(rest, std::uint32_t{4});  // priority, 0, 0
  append(rest, key);               // the number
  append(rest, due);
  return with_crc(key, rest + body);
}

std::string state_row(std::uint64_t key) {
  std::string rest;
  append(rest, std::uint16_t{2});  // failures
  append(rest, std::uint16_t{0});  // not dead, no failures
  append(rest, std::uint64_t{0});  // at once
  return with_crc(key, rest);
}

std::string producer_row() {
  std::string rest;
  append(rest, std::uint16_t{0x501});  // named; bytes of its source
  append(rest, std::uint16_t{0});
  for (const std::uint64_t number : {3, 0, 0, 1})
    append(rest, number);  // its source begins after its first item
  return with_crc(0, rest + "a.txt" + "rick");
}

std::string superblock_row() {
  std::string rest;
  append(rest, std::uint32_t{1});
  for (const std::uint64_t number : {7, 3, 1, 3})
    append(rest, number);  // broker instance, items, states, last id
  return with_crc(0, rest);
}

using log::UnixMs;
using Rows = std::map<std::uint64_t, std::string>;

void write_database(MDB_txn* txn, const char* name, const Rows& rows) {
  MDB_dbi dbi = 0;
  REQUIRE(mdb_dbi_open(txn, name, MDB_CREATE | MDB_INTEGERKEY, &dbi) == MDB_SUCCESS);
  for (const auto& [id, row] : rows) {
    auto number = id;
    MDB_val key{sizeof number, &number}, value{row.size(), const_cast<char*>(row.data())};
    REQUIRE(mdb_put(txn, dbi, &key, &value, 0) == MDB_SUCCESS);
  }
}

void write_format_1(const Directory& directory, UnixMs due) {
  MDB_env* env = nullptr;
  REQUIRE(mdb_env_create(&env) == MDB_SUCCESS);
  mdb_env_set_maxdbs(env, 5);
  REQUIRE(mdb_env_open(env, (directory.path / "baton.mdb").c_str(), MDB_NOSUBDIR, 0644) ==
          MDB_SUCCESS);
  MDB_txn* txn = nullptr;
  REQUIRE(mdb_txn_begin(env, nullptr, 0, &txn) == MDB_SUCCESS);
  write_database(txn, "items",
                 {{1, item_row(1, 0, "a")}, {2, item_row(2, due, "b")}, {3, item_row(3, 0, "c")}});
  write_database(txn, "states", {{3, state_row(3)}});
  write_database(txn, "queues", {{0, with_crc(0, "mail")}});
  write_database(txn, "producers", {{0, producer_row()}});
  write_database(txn, "seal", {{0, superblock_row()}});
  REQUIRE(mdb_txn_commit(txn) == MDB_SUCCESS);
  mdb_env_close(env);
}

UnixMs in_an_hour() {
  const auto hour = std::chrono::system_clock::now().time_since_epoch() + std::chrono::hours(1);
  return static_cast<UnixMs>(std::chrono::duration_cast<std::chrono::milliseconds>(hour).count());
}

std::uint64_t check_items(Disk& disk) {
  REQUIRE(disk.loaded.items.size() >= 3);
  CHECK(disk.storage.body({1}) == "a");
  CHECK(disk.storage.body({2}) == "b");
  CHECK(disk.loaded.items[0].delay_ms == 0);
  CHECK(disk.loaded.items[1].delay_ms > 3'500'000);
  CHECK(disk.loaded.items[1].delay_ms <= 3'600'000);
  CHECK(disk.loaded.items[2].failures == 2);
  CHECK(disk.loaded.names == std::vector<std::string>{"rick"});
  CHECK(disk.loaded.producers["rick"].undigested == 2);
  return disk.loaded.items.size();
}

}  // namespace

TEST_CASE("a directory of format 1 is read, and its rows lie among new ones from then on") {
  const Directory directory;
  write_format_1(directory, in_an_hour());
  {
    Disk disk(directory, 1u << 30, {8});
    CHECK(disk.loaded.broker_instance == BrokerInstance{7});
    CHECK(check_items(disk) == 3);
    disk.put(disk.loaded.first.value, "new", 5'000);
    disk.keep();
  }
  Disk disk(directory, 1u << 30, {9});
  CHECK(check_items(disk) == 4);
  CHECK(disk.loaded.items[3].delay_ms <= 5'000);
}

}  // namespace baton::internal::broker::test
