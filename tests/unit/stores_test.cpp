// The containers under the core: ready lists, the table of items, storage in memory.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "broker/items.hpp"
#include "broker/memory_storage.hpp"
#include "broker/ready_list.hpp"

namespace baton::internal::broker {
namespace {

TEST_CASE("a ready list is FIFO within a priority") {
  ReadyList list;
  for (std::uint64_t id = 1; id <= 1000; ++id) list.push_back(id % 2 ? 3 : 7, ItemId{id});
  CHECK(list.size() == 1000);
  for (std::uint64_t id = 2; id <= 1000; id += 2) CHECK(list.pop() == ItemId{id});
  for (std::uint64_t id = 1; id <= 1000; id += 2) CHECK(list.pop() == ItemId{id});
  CHECK(list.empty());
}

TEST_CASE("what comes back to a ready list is before the rest, in the order of ids") {
  ReadyList list;
  for (std::uint64_t id = 10; id <= 12; ++id) list.push_back(4, ItemId{id});
  for (const std::uint64_t id : {3, 5, 4, 9}) list.push_returned(4, ItemId{id});
  for (const std::uint64_t id : {3, 4, 5, 9, 10, 11, 12}) CHECK(list.pop() == ItemId{id});
}

TEST_CASE("one item is taken out of the middle of a run") {
  ReadyList list;
  for (std::uint64_t id = 1; id <= 3; ++id) list.push_back(4, ItemId{id});
  list.take(4, ItemId{2});
  CHECK(list.pop() == ItemId{1});
  list.take(4, ItemId{3});
  CHECK(list.empty());
}

TEST_CASE("what was taken out of a ready list may come again, to the dispatcher or to the back") {
  ReadyList list;
  for (std::uint64_t id = 1; id <= 5; ++id) list.push_back(4, ItemId{id});
  for (const std::uint64_t id : {2, 3, 4}) list.take(4, ItemId{id});
  list.push_returned(4, ItemId{4});
  list.push_back(4, ItemId{2});
  list.take(4, ItemId{2});
  list.push_back(4, ItemId{2});
  for (const std::uint64_t id : {4, 1, 5, 2}) CHECK(list.pop() == ItemId{id});
  CHECK(list.empty());
}

TEST_CASE("a ready list does what a naive one does") {
  std::mt19937_64 random(4);
  ReadyList list;
  std::vector<std::uint64_t> fresh, returned, out;  // out: taken or delivered
  const auto take_any = [&](std::vector<std::uint64_t>& ids) {
    const auto at = ids.begin() + static_cast<std::ptrdiff_t>(random() % ids.size());
    const auto id = *at;
    ids.erase(at);
    return id;
  };
  std::uint64_t last = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto what = random() % 6;
    if (what == 0) {
      list.push_back(4, ItemId{++last});
      fresh.push_back(last);
    } else if (what == 1 && !out.empty()) {
      const auto id = take_any(out);
      list.push_returned(4, ItemId{id});
      returned.insert(std::upper_bound(returned.begin(), returned.end(), id), id);
    } else if (what == 2 && !out.empty()) {
      const auto id = take_any(out);
      list.push_back(4, ItemId{id});
      fresh.push_back(id);
    } else if (what == 3 && !list.empty()) {
      auto& from = returned.empty() ? fresh : returned;
      CHECK(list.pop() == ItemId{from.front()});
      out.push_back(from.front());
      from.erase(from.begin());
    } else if (what >= 4 && !list.empty()) {
      out.push_back(take_any(returned.empty() || (what == 4 && !fresh.empty()) ? fresh : returned));
      list.take(4, ItemId{out.back()});
    }
    CHECK(list.size() == fresh.size() + returned.size());
  }
}

TEST_CASE("many items are taken out of a list of a million runs, in a moment") {
  ReadyList list;
  constexpr std::uint64_t all = 2'000'000, taken = 65'536;
  for (std::uint64_t id = 1; id <= all; id += 2) list.push_back(4, ItemId{id});
  for (std::uint64_t i = 0; i < taken; ++i)
    list.take(4, ItemId{all - 1 - 2 * i});  // took 40 s when each was looked for
  for (std::uint64_t i = 0; i < taken; ++i) list.push_returned(4, ItemId{all - 1 - 2 * i});
  for (std::uint64_t i = 0; i < taken; ++i) list.take(4, ItemId{all - 1 - 2 * i});
  CHECK(list.size() == all / 2 - taken);
  for (std::uint64_t id = 1; !list.empty(); id += 2)
    if (list.pop() != ItemId{id}) FAIL("not ", id);
}

TEST_CASE("the table finds what is there, and nothing else, as its window moves along") {
  Items items;
  CHECK_FALSE(items.find(ItemId{1}));
  for (std::uint64_t id = 1; id <= 10'000; ++id) {
    items.add(ItemId{id}).place = Place::ready;
    if (id > 1000) items.remove(ItemId{id - 1000});
  }
  CHECK(items.size() == 1000);
  CHECK_FALSE(items.find(ItemId{9000}));
  CHECK(items.find(ItemId{9001}));
  CHECK_FALSE(items.find(ItemId{10'001}));
  CHECK_FALSE(items.find(ItemId{UINT64_MAX}));
}

TEST_CASE("old items in the table do not keep the places of all that came after them") {
  // With sanitizers each chunk costs fifty times as much.
  constexpr std::uint64_t chunk = 512, chunks = BATON_MEMORY_COUNTS ? 200'000 : 20'000,
                          every = chunks * 3 / 20;
  Items items;
  const auto add = [&](std::uint64_t id) { items.add(ItemId{id}).place = Place::dead; };
  std::uint64_t most = 0;
  for (std::uint64_t c = 1; c <= chunks; ++c) {
    add(c * chunk);
    most = std::max(most, items.places());
    if (c % every == 0) add(c * chunk + 1);
    items.remove(ItemId{c * chunk});
  }
  CHECK(items.places() < chunks / 5);
  CHECK(most < 20'000);  // none of them is paid for by each item that passes through
  std::vector<std::uint64_t> left;
  items.each([&](ItemId id, const QueuedItem&) { left.push_back(id.value); });
  REQUIRE(left.size() == chunks / every);
  for (std::uint64_t c = every; c <= chunks; c += every) {
    CHECK(left[c / every - 1] == c * chunk + 1);
    CHECK(items.find(ItemId{c * chunk + 1}));
    CHECK_FALSE(items.find(ItemId{c * chunk}));
    CHECK_FALSE(items.find(ItemId{(c + every / 2) * chunk}));
  }
  add((chunks + 1) * chunk);
  for (const auto id : left) items.remove(ItemId{id});
  CHECK(items.size() == 1);
  CHECK(items.places() < 20'000);
  CHECK(items.find(ItemId{(chunks + 1) * chunk}));
}

TEST_CASE("a body that stays keeps little of its neighbours in memory") {
  constexpr std::uint64_t items = 100'000, every = 500;
  for (const std::uint64_t size :
       {4000u, 5000u, 1u, 0u}) {  // of those that stay; 5000: they are kept apart
    CAPTURE(size);
    MemoryStorage storage;
    const auto body = [size](std::uint64_t id) {
      return std::string(id % every == 0 ? size : 4000, static_cast<char>('a' + id % 26));
    };
    for (std::uint64_t id = 1; id <= items; ++id) {
      StoredItem item;
      item.id = ItemId{id};
      storage.put(item, {}, body(id));
      if (id % every != 0) storage.erase(ItemId{id});
    }
    const auto stay = size > 4096 ? 0 : size * items / every;
    CHECK(storage.bytes() < 3 * stay + (20u << 20));  // of 400 MB
    for (std::uint64_t id = every; id <= items; id += every)
      CHECK(storage.body(ItemId{id}) == body(id));
  }
}

TEST_CASE("bodies of all sizes stay what they were until they are erased") {
  MemoryStorage storage;
  const auto body = [](std::uint64_t id) {
    return std::string(id % 5 == 0 ? 0 : id * 37 % 9000, static_cast<char>('a' + id % 26));
  };
  const auto stays = [](std::uint64_t id) { return id % 97 < 2; };
  constexpr std::uint64_t items = 40'000, waiting = 700;
  for (std::uint64_t id = 1; id <= items; ++id) {
    StoredItem item;
    item.id = ItemId{id};
    storage.put(item, {}, body(id));
    if (id <= waiting) continue;
    CHECK(storage.body(ItemId{id - waiting}) == body(id - waiting));
    if (!stays(id - waiting)) storage.erase(ItemId{id - waiting});
  }
  CHECK(storage.bytes() < 40u << 20);
  for (std::uint64_t id = 1; id <= items; ++id)
    if (stays(id) || id > items - waiting) CHECK(storage.body(ItemId{id}) == body(id));
}

}  // namespace
}  // namespace baton::internal::broker
