// Files that are removed or replaced while a storage uses them: nothing is durable any more, and it
// says why.
#include <functional>

#include "tests/disk/stored_items.hpp"

namespace baton::internal::broker::test {
namespace {

/// Why nothing is durable any more.
std::string lost(const Disk& disk) {
  const auto* failure = disk.storage.failure();
  return failure && failure->lost ? failure->why : "not lost";
}

bool says(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

/// Keeps an item after `harm` was done, and says why that was lost.
std::string keep_after(const std::function<void(const std::filesystem::path&)>& harm) {
  const Directory directory;
  Disk disk(directory);
  disk.put(1, "a");
  disk.keep();
  const auto kept = disk.storage.durable().puts;
  harm(directory.path);
  disk.put(2, "b");
  disk.keep();
  CHECK(disk.storage.durable().puts == kept);
  return lost(disk);
}

TEST_CASE("what is written to a file that was removed is never durable") {
  CHECK(says(keep_after([](const auto& path) { std::filesystem::remove(path / "baton.mdb"); }),
             "baton.mdb was removed while"));
}

TEST_CASE("nor is what is written to one that was replaced") {
  CHECK(says(keep_after([](const auto& path) {
               std::filesystem::copy(path / "baton.mdb", path / "copy");
               std::filesystem::rename(path / "copy", path / "baton.mdb");
             }),
             "baton.mdb was replaced while"));
}

TEST_CASE("nor is anything once the directory or its lock was removed") {
  CHECK(says(keep_after([](const auto& path) { std::filesystem::remove_all(path); }),
             "was removed while"));
  CHECK(says(keep_after([](const auto& path) { std::filesystem::remove(path / "lock"); }),
             "lock was removed while"));
}

/// What was kept first is written over what was kept later, in the same file.
void copy_older_over(const Directory& directory, Disk& disk) {
  const auto data = directory.path / "baton.mdb", copy = directory.path / "copy";
  disk.put(1, "a");
  disk.keep();
  std::filesystem::copy(data, copy);
  disk.put(2, "b");
  disk.keep();
  std::filesystem::copy(copy, data, std::filesystem::copy_options::overwrite_existing);
}

TEST_CASE("nor is what is written to a file that an older one was copied over") {
  const Directory directory;
  Disk disk(directory);
  copy_older_over(directory, disk);
  disk.put(3, "c");
  disk.keep();
  CHECK(says(lost(disk), "while this broker used it"));
}

TEST_CASE("a file that an older one was copied over is noticed with nothing to write, too") {
  const Directory directory;
  Disk disk(directory);
  copy_older_over(directory, disk);
  disk.keep_looking();
  CHECK(says(lost(disk), "while this broker used it"));
}

TEST_CASE("nor is what is written to a file that was cut off") {
  for (const std::uint64_t left : {0, 8192}) {
    CAPTURE(left);
    CHECK(says(keep_after([left](const auto& path) {
                 std::filesystem::resize_file(path / "baton.mdb", left);
               }),
               "baton.mdb was cut off while"));
  }
}

TEST_CASE("who removes the lock does not let a second broker in") {
  const Directory directory;
  const Disk first(directory);
  std::filesystem::remove(directory.path / "lock");
  CHECK_THROWS_WITH_AS(Disk second(directory), doctest::Contains("another broker uses it"),
                       std::runtime_error);
}

TEST_CASE("the file is locked after it was made small, too") {
  const Directory directory;
  Wake changed;
  DiskLog log(directory.path, changed);
  log.database().compact();
  std::filesystem::remove(directory.path / "lock");
  CHECK_THROWS_WITH_AS(Disk second(directory), doctest::Contains("another broker uses it"),
                       std::runtime_error);
}

}  // namespace
}  // namespace baton::internal::broker::test
