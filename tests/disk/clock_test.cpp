// The storage clock: what is left of delays, whatever the system's clock says.
#include <fstream>

#include "broker/log/storage_clock.hpp"
#include "tests/disk/stored_items.hpp"

namespace baton::internal::broker::test {
namespace {

using log::Delay;
using log::StorageClock;
using log::UnixMs;

constexpr UnixMs today = 1'700'000'000'000;
constexpr UnixMs second = 1000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;
constexpr Time begin = Time{} + 1h;

TEST_CASE("a delay goes on from one process to the next") {
  StorageClock first({}, today, begin);
  const auto delay = first.delay(60'000, begin + 1s);
  CHECK(first.left_ms(delay, begin + 1s) == 60'000);
  CHECK(first.left_ms(delay, begin + 11s) == 50'000);
  const auto noted = first.look(today + 11 * second, begin + 11s);
  const StorageClock next(noted, today + 31 * second, begin);
  CHECK(next.left_ms(delay, begin) == 30'000);
  CHECK(next.left_ms(delay, begin + 30s) == 0);
}

TEST_CASE(
    "a clock that is set back while no broker runs does not make a delay longer and is named") {
  StorageClock first({}, today, begin);
  const auto waiting = first.delay(5'000, begin + 1h), over = first.delay(5'000, begin);
  const auto noted = first.look(today + hour, begin + 1h);
  StorageClock next(noted, today + hour - day, begin);
  CHECK(next.left_ms(waiting, begin) == 5'000);
  CHECK(next.left_ms(over, begin) == 0);
  CHECK(next.take_warnings() ==
        std::vector<std::string>{"the system's clock was set back by 24 hours while no broker ran: "
                                 "delays are not affected"});
  CHECK(next.take_warnings().empty());
}

TEST_CASE("a clock that is set while the broker runs changes nothing and each step is named") {
  StorageClock clock({}, today, begin);
  const auto delay = clock.delay(10'000, begin);
  clock.look(today + second, begin + 1s);
  clock.look(today + 2 * second + 3 * day, begin + 2s);
  const auto noted = clock.look(today + 3 * second - 90 * minute, begin + 3s);
  CHECK(clock.left_ms(delay, begin + 3s) == 7'000);
  CHECK(clock.left_ms(clock.delay(10'000, begin + 3s), begin + 3s) == 10'000);
  CHECK(clock.take_warnings() ==
        std::vector<std::string>{"the system's clock was set forward by 3 days while this broker "
                                 "runs, or this machine slept: delays are not affected",
                                 "the system's clock was set back by 3 days while this broker "
                                 "runs: delays are not affected"});
  const StorageClock next(noted, noted.wall + second, begin);
  CHECK(next.left_ms(delay, begin) == 6'000);
}

TEST_CASE("a clock that is kept right by less than a second at a time is not worth a word") {
  StorageClock clock({}, today, begin);
  clock.look(today + 1900, begin + 1s);
  clock.look(today + 2800, begin + 2s);
  CHECK(clock.take_warnings().empty());
}

TEST_CASE("what a clock whose notes were lost has written does no harm") {
  const StorageClock clock({}, today, begin);
  CHECK(clock.left_ms({today + day, 5'000}, begin) == 5'000);
  CHECK(clock.left_ms({UINT64_MAX, 5'000}, begin) == 5'000);
  CHECK(clock.from(today + day, begin) == begin);
  CHECK(clock.from(UINT64_MAX, begin) == begin);
  CHECK(clock.from(today - minute, begin) == begin - 1min);
  CHECK(clock.from(1, begin) < begin);
  CHECK(clock.at(Time::min()) == 0);
}

// --- with the disk -------------------------------------------------------------------------------

/// A storage under a system's clock that is set by hand.
struct Clocked {
  Clocked(const Directory& directory, UnixMs wall)
      : log(directory.path, changed), storage(log, {1u << 30, [this] { return now; }}) {
    now = wall;
    storage.load(loaded, {7}, std::chrono::steady_clock::now());
  }
  void put(std::uint64_t id, std::uint32_t delay_ms) {
    StoredItem item;
    item.id = ItemId{id};
    item.number = SeqNo{id};
    item.priority = 4;
    item.delay_ms = delay_ms;
    storage.put(item, {"mail", "rick"}, "x");
    storage.commit();
  }

  UnixMs now = 0;
  Wake changed;
  DiskLog log;
  LogStorage storage;
  Loaded loaded;
};

TEST_CASE("an item keeps its delay over a start with the clock a day back and the start says so") {
  const Directory directory;
  {
    Clocked disk(directory, today);
    disk.put(1, 60'000);
    disk.put(2, 1);
    disk.now += 10 * second;
  }
  Clocked disk(directory, today - day);
  REQUIRE(disk.loaded.items.size() == 2);
  CHECK(disk.loaded.items[0].delay_ms <= 60'000);
  CHECK(disk.loaded.items[0].delay_ms > 40'000);
  CHECK(disk.loaded.items[1].delay_ms <= 1);
  const auto warnings = disk.storage.take_warnings();
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("set back by 24 hours") != std::string::npos);
}

TEST_CASE("a start after a day ends the delays that are over by then") {
  const Directory directory;
  { Clocked(directory, today).put(1, 60'000); }
  Clocked disk(directory, today + day);
  CHECK(disk.loaded.items.at(0).delay_ms == 0);
  CHECK(disk.storage.take_warnings().empty());
}

TEST_CASE(
    "a note of the clock that is absent or that a power loss has left empty or all zeros is none") {
  const Directory directory;
  { Clocked(directory, today).put(1, 60'000); }
  const auto note = directory.path / "clock";
  SUBCASE("absent") { std::filesystem::remove(note); }
  SUBCASE("empty") { std::filesystem::resize_file(note, 0); }
  SUBCASE("zeros") {
    std::filesystem::resize_file(note, 0);
    std::filesystem::resize_file(note, 20);
  }
  Clocked disk(directory, today - day);
  CHECK(disk.loaded.items.at(0).delay_ms == 60'000);
  CHECK(disk.storage.take_warnings().empty());
}

/// Changes one byte of the file.
void flip(const std::filesystem::path& path, std::streamoff at) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(at);
  const auto byte = static_cast<char>(file.get() ^ 1);
  file.seekp(at);
  file.put(byte);
  REQUIRE(file.flush());
}

TEST_CASE("a damaged note of the clock is named and the broker does not start on it") {
  const Directory directory;
  { Clocked(directory, today).put(1, 60'000); }
  const auto note = directory.path / "clock";
  SUBCASE("a byte of it") { flip(note, 3); }
  SUBCASE("its CRC") { flip(note, 19); }
  SUBCASE("too short") { std::filesystem::resize_file(note, 7); }
  SUBCASE("too long") { std::filesystem::resize_file(note, 21); }
  const auto named = note.string() + " is damaged";
  CHECK_THROWS_WITH_AS(Clocked(directory, today), named.c_str(), disk::Damage);
  CHECK_THROWS_WITH_AS(disk::ClockNote::read(note), named.c_str(),
                       disk::Damage);  // as --check does
}

TEST_CASE("reading a note of the clock makes no file") {
  const Directory directory;
  CHECK(disk::ClockNote::read(directory.path / "clock") == StorageClock::Reading{});
  CHECK(std::filesystem::is_empty(directory.path));
}

}  // namespace
}  // namespace baton::internal::broker::test
