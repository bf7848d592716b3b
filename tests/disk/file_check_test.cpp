// The look at an LMDB file from outside: pages of meta data as LMDB writes them, and what is not right with them.
#include "broker/disk/file_check.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "broker/disk/database.hpp"
#include "proto/bytes.hpp"
#include "tests/disk/kept_items.hpp"

namespace baton::broker::test {
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
bool passes(const Directory& directory, const std::string& first, const std::string& second, std::uint64_t pages = 3) {
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

TEST_CASE("a file is as long as its newest meta page says, or damaged") {
  const Directory directory;
  CHECK(passes(directory, meta_page(1, 0), meta_page(2, 1)));
  CHECK(passes(directory, meta_page(2, 2), meta_page(99, 1)));
  CHECK_FALSE(passes(directory, meta_page(1, 0), meta_page(3, 1)));
  CHECK_FALSE(passes(directory, meta_page(1, 0), meta_page(UINT64_MAX, 1)));
  CHECK_FALSE(passes(directory, meta_page(1, 0), std::string(page_size, '\0')));
}

}  // namespace
}  // namespace baton::broker::test
