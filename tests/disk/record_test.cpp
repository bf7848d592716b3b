// The rows of the data directory, and batches of them.
#include "broker/disk/record.hpp"

#include <doctest/doctest.h>

#include "broker/disk/batch.hpp"

namespace baton::broker::disk {
namespace {

std::string some_item() {
  std::string row;
  append_item(row, 42, {1, 2, 9, Number{77}, 1234567890123, "the body"});
  return row;
}

TEST_CASE("an item's row says what it was given") {
  const auto bytes = some_item();
  ItemRow row;
  REQUIRE(read_item(42, bytes, row));
  CHECK(row.queue == 1);
  CHECK(row.producer == 2);
  CHECK(row.priority == 9);
  CHECK(row.number == Number{77});
  CHECK(row.due == 1234567890123);
  CHECK(row.body == "the body");
}

TEST_CASE("a row in which any bit is flipped is damaged") {
  const auto whole = some_item();
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    auto row = whole;
    row[bit / 8] = static_cast<char>(row[bit / 8] ^ (1 << bit % 8));
    ItemRow read;
    CHECK_FALSE(read_item(42, row, read));
  }
}

TEST_CASE("a row that is cut off, or of another key, is damaged") {
  const auto whole = some_item();
  ItemRow read;
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK_FALSE(read_item(42, whole.substr(0, size), read));
  CHECK_FALSE(read_item(43, whole, read));
}

TEST_CASE("a state's row keeps its attempts") {
  std::string row;
  append_state(row, 7, {3, true, 99, {{1, "host/1", "why"}, {2, "", ""}}});
  StateRow read;
  REQUIRE(read_state(7, row, read));
  CHECK(read.failures == 3);
  CHECK(read.dead);
  CHECK(read.due == 99);
  REQUIRE(read.attempts.size() == 2);
  CHECK(read.attempts[0].consumer == "host/1");
  CHECK(read.attempts[0].why == "why");
}

Batch batch_of(Ticket ticket, std::shared_ptr<Segment> segment) {
  Batch batch;
  batch.ticket = ticket;
  batch.puts.push_back({segment, segment->gone()});
  return batch;
}

TEST_CASE("a batch that waits need not write what a later one has settled") {
  auto segment = std::make_shared<Segment>(ItemId{10}, 1);
  for (int i = 0; i < 3; ++i) segment->add({0, 0, 4, Number{1}, 0, "x"});
  auto waiting = batch_of(1, segment);
  Batch later;
  later.ticket = 2;
  later.erased = {ItemId{11}, ItemId{5}};
  later.states[11] = std::nullopt;
  waiting.absorb(std::move(later));
  CHECK(waiting.ticket == 2);
  CHECK(waiting.puts[0].skip == std::vector{false, true, false});
  CHECK(waiting.erased == std::vector{ItemId{5}});
}

TEST_CASE("a batch that waits takes what a later one says of states, queues and producers") {
  Batch waiting, later;
  waiting.ticket = 1;
  waiting.producers = {{1, "old"}, {2, "kept"}};
  later.ticket = 2;
  later.last = {7};
  later.states = {{5, "failed"}};
  later.queues = {{0, "mail"}};
  later.producers = {{1, "new"}, {3, std::nullopt}};
  waiting.absorb(std::move(later));
  using Rows = std::map<std::uint64_t, Change>;
  CHECK(waiting.states == Rows{{5, "failed"}});
  CHECK(waiting.queues == Rows{{0, "mail"}});
  CHECK(waiting.producers == Rows{{1, "new"}, {2, "kept"}, {3, std::nullopt}});
  CHECK(waiting.last == ItemId{7});
  waiting.forget_settles();
  CHECK_FALSE(waiting.has_settles());
  CHECK(waiting.has_puts());
}

TEST_CASE("a segment's items are found until they are settled") {
  Segment segment(ItemId{10}, 1);
  segment.add({0, 0, 4, Number{1}, 0, "a"});
  segment.add({0, 0, 4, Number{2}, 0, "b"});
  CHECK(segment.contains(ItemId{11}));
  CHECK_FALSE(segment.contains(ItemId{12}));
  CHECK(segment.erase(ItemId{10}));
  CHECK_FALSE(segment.erase(ItemId{10}));
  CHECK(segment.live() == 1);
  ItemRow row;
  REQUIRE(read_item(11, segment.row(ItemId{11}), row));
  CHECK(row.body == "b");
}

}  // namespace
}  // namespace baton::broker::disk
