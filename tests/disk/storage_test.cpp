// What a storage on disk keeps over the end of its process.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "tests/disk/stored_items.hpp"

namespace baton::internal::broker::test {
namespace {

using Bodies = std::vector<std::string>;

Bodies bodies(Disk& disk) {
  Bodies all;
  for (const auto& item : disk.loaded.items) all.emplace_back(disk.storage.body(item.id));
  return all;
}

TEST_CASE(
    "an end in order writes the acks of its last turn, too when a producer is forgotten after it") {
  const Directory directory;
  {
    Disk disk(directory);
    disk.put(1, "a");
    disk.keep();
    disk.put(2, std::string(1 << 20, 'b'));
    disk.storage.commit();
    disk.erase(1);
    disk.storage.commit();  // waits for the one before
    disk.storage.forget_producer(1);
  }
  CHECK(Disk(directory).loaded.items.size() == 1);
}

TEST_CASE("new items wait where no room can be kept back, and the reason is the true one") {
  const Directory directory;
  std::filesystem::create_directory(directory.path / "reserve");
  Disk disk(directory);
  disk.put(1, "a");
  disk.keep();
  CHECK(disk.storage.durable().held ==
        "cannot take room on the disk: " + (directory.path / "reserve").string() +
            ": Is a directory");
}

TEST_CASE(
    "compacting leaves the data to its owner, and takes away what a killed compaction has left") {
  const Directory directory;
  const auto data = directory.path / "baton.mdb", copy = directory.path / "baton.mdb-compact";
  {
    Disk disk(directory);
    disk.put(1, "a");
    disk.keep();
  }
  const bool root = chown(data.c_str(), 1234, 1234) == 0;
  std::filesystem::permissions(
      data, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  std::ofstream(copy) << "half a copy";
  Wake changed;
  {
    DiskLog log(directory.path, changed);
    CHECK_FALSE(std::filesystem::exists(copy));
    log.database().compact();
  }
  struct stat now {};
  REQUIRE(stat(data.c_str(), &now) == 0);
  CHECK(now.st_uid == (root ? 1234 : geteuid()));
  CHECK((now.st_mode & 0777) == 0600);
}

TEST_CASE("ids go on even when the last processes have written none of theirs") {
  const Directory directory;
  ItemId first;
  {
    Disk disk(directory);
    disk.storage.save({0, "rick", true, false, {}, 0, 0});
    disk.keep();
  }
  for (const std::uint64_t broker_instance : {8, 9}) {
    Disk disk(directory, 1u << 30, {broker_instance});
    CHECK(disk.loaded.first > first);
    CHECK(disk.loaded.first > ItemId{1});
    first = disk.loaded.first;
    disk.storage.save({0, "rick", true, false, {}, 0, 0});
    disk.keep();
  }
}

TEST_CASE("at an end in order all turns are written, and no half turn") {
  const Directory directory;
  {
    Disk disk(directory);
    for (std::uint64_t id = 1; id <= 200; ++id) disk.put(id, "a");
    disk.keep();
    for (std::uint64_t id = 1; id <= 200; ++id) {
      disk.storage.erase({id});
      disk.storage.commit();
    }
  }
  {
    Disk disk(directory, 1u << 30, {8});
    CHECK(disk.loaded.items.empty());
    disk.put(disk.loaded.first.value, "its number is not here yet");
  }
  CHECK(Disk(directory, 1u << 30, {9}).loaded.items.empty());
}

TEST_CASE("bodies for which there is no memory are read from the disk") {
  const Directory directory;
  Disk disk(directory, /*max_memory=*/0);
  const std::string body(10'000, 'x');
  for (std::uint64_t id = 1; id <= 5000; ++id) {
    disk.put(id, body + std::to_string(id));
    if (id % 500 == 0) disk.keep();
  }
  for (std::uint64_t id = 1; id <= 5000; id += 7)
    CHECK(disk.storage.body(ItemId{id}) == body + std::to_string(id));
}

TEST_CASE("a directory that another broker uses is refused") {
  const Directory directory;
  const Disk first(directory);
  CHECK_THROWS_WITH_AS(Disk second(directory), doctest::Contains("another broker uses it"),
                       std::runtime_error);
}

TEST_CASE("compacting keeps all there is and gives the rest back") {
  const Directory directory;
  {
    Disk disk(directory);
    for (std::uint64_t id = 1; id <= 2000; ++id) disk.put(id, std::string(5000, 'x'));
    disk.keep();
    for (std::uint64_t id = 1; id < 2000; ++id) disk.erase(id);
    disk.keep();
  }
  {
    Wake changed;
    DiskLog log(directory.path, changed);
    auto& data = log.database();
    const auto before = data.size().all;
    CHECK(before > 8'000'000);
    data.compact();
    CHECK(data.size().all < before / 10);
    CHECK(data.count() == 1);
  }
  Disk disk(directory);
  CHECK(bodies(disk) == Bodies{std::string(5000, 'x')});
}

TEST_CASE("a file of which most is free is made small at the start") {
  const Directory directory;
  {
    Disk disk(directory);
    for (std::uint64_t id = 1; id <= 10'000; ++id) disk.put(id, std::string(5000, 'x'));
    disk.keep();
    for (std::uint64_t id = 1; id < 10'000; ++id) disk.erase(id);
    disk.keep();
  }
  const auto size = [&] { return std::filesystem::file_size(directory.path / "baton.mdb"); };
  CHECK(size() > 40'000'000);
  Disk disk(directory);
  CHECK(size() < 1'000'000);
  CHECK(bodies(disk) == Bodies{std::string(5000, 'x')});
  disk.put(20'000, "more");
  disk.keep();
  CHECK(disk.storage.body({20'000}) == "more");
}

}  // namespace
}  // namespace baton::internal::broker::test
