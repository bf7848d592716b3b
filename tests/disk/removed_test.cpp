// Files that are removed or replaced while a storage uses them: nothing is durable any more, and it
// says why.
#include <functional>

#include "broker/disk/in_place.hpp"
#include "tests/disk/stored_items.hpp"

namespace baton::internal::broker::test {
namespace {

/// Keeps an item after `harm` was done.
void keep_after(const std::function<void(const std::filesystem::path&)>& harm) {
  const Directory directory;
  Disk disk(directory);
  disk.put(1, "a");
  disk.keep();
  harm(directory.path);
  disk.put(2, "b");
  disk.keep();
}

TEST_CASE("what is written to a file that was removed is never durable") {
  CHECK_THROWS_WITH_AS(
      keep_after([](const auto& path) { std::filesystem::remove(path / "baton.mdb"); }),
      doctest::Contains("baton.mdb was removed while"), disk::Removed);
}

TEST_CASE("nor is what is written to one that was replaced") {
  CHECK_THROWS_WITH_AS(keep_after([](const auto& path) {
                         std::filesystem::copy(path / "baton.mdb", path / "copy");
                         std::filesystem::rename(path / "copy", path / "baton.mdb");
                       }),
                       doctest::Contains("baton.mdb was replaced while"), disk::Removed);
}

TEST_CASE("nor is anything once the directory or its lock was removed") {
  CHECK_THROWS_WITH_AS(keep_after([](const auto& path) { std::filesystem::remove_all(path); }),
                       doctest::Contains("was removed while"), disk::Removed);
  CHECK_THROWS_WITH_AS(keep_after([](const auto& path) { std::filesystem::remove(path / "lock"); }),
                       doctest::Contains("lock was removed while"), disk::Removed);
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
  CHECK_THROWS_WITH_AS(disk.keep(), doctest::Contains("while this broker used it"), disk::Removed);
}

TEST_CASE("a file that an older one was copied over is noticed with nothing to write, too") {
  const Directory directory;
  Disk disk(directory);
  copy_older_over(directory, disk);
  CHECK_THROWS_WITH_AS(disk.keep_looking(), doctest::Contains("while this broker used it"),
                       disk::Removed);
}

TEST_CASE("nor is what is written to a file that was cut off") {
  for (const std::uint64_t left : {0, 8192}) {
    CAPTURE(left);
    CHECK_THROWS_WITH_AS(keep_after([left](const auto& path) {
                           std::filesystem::resize_file(path / "baton.mdb", left);
                         }),
                         doctest::Contains("baton.mdb was cut off while"), disk::Removed);
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
  DiskStorage storage({directory.path, 1u << 30}, changed);
  storage.compact();
  std::filesystem::remove(directory.path / "lock");
  CHECK_THROWS_WITH_AS(Disk second(directory), doctest::Contains("another broker uses it"),
                       std::runtime_error);
}

}  // namespace
}  // namespace baton::internal::broker::test
