// Files that are removed or replaced while a storage uses them: nothing is durable any more, and it says why.
#include <functional>

#include "broker/disk/in_place.hpp"
#include "tests/disk/kept_items.hpp"

namespace baton::broker::test {
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
  CHECK_THROWS_WITH_AS(keep_after([](const auto& path) { std::filesystem::remove(path / "baton.mdb"); }),
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

TEST_CASE("who removes the lock does not let a second broker in") {
  const Directory directory;
  const Disk first(directory);
  std::filesystem::remove(directory.path / "lock");
  CHECK_THROWS_WITH_AS(Disk second(directory), doctest::Contains("another broker uses it"), std::runtime_error);
}

TEST_CASE("the file is locked after it was made small, too") {
  const Directory directory;
  Wake changed;
  DiskStorage storage({directory.path, 1u << 30}, changed);
  storage.compact();
  std::filesystem::remove(directory.path / "lock");
  CHECK_THROWS_WITH_AS(Disk second(directory), doctest::Contains("another broker uses it"), std::runtime_error);
}

}  // namespace
}  // namespace baton::broker::test
