// The rows of the data directory, and batches of them.
#include "broker/log/record.hpp"

#include <doctest/doctest.h>

#include "broker/log/batch.hpp"
#include "broker/log/crc32.hpp"
#include "proto/bytes.hpp"

namespace baton::internal::broker::log {
namespace {

std::string some_item() {
  std::string row;
  append_item(row, 42, {1, 2, 9, SeqNo{77}, {1234567890123, 5000}, "the body"});
  return row;
}

TEST_CASE("an item's row says what it was given") {
  const auto bytes = some_item();
  ItemRow row;
  REQUIRE(read_item(42, bytes, row));
  CHECK(row.queue == 1);
  CHECK(row.producer == 2);
  CHECK(row.priority == 9);
  CHECK(row.number == SeqNo{77});
  CHECK(row.delay == Delay{1234567890123, 5000});
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
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(read_item(42, whole.substr(0, size), read));
  CHECK_FALSE(read_item(43, whole, read));
}

TEST_CASE("a body that is read in parts is checked with its last one") {
  auto row = some_item();
  bool damaged = false;
  SUBCASE("whole") {}
  SUBCASE("damaged in its head") { row[5] ^= 1, damaged = true; }
  SUBCASE("damaged in its body") { row.back() ^= 1, damaged = true; }
  std::uint32_t check = 0;
  std::string_view part;
  CHECK(read_item_part(42, row, 0, 3, check, part));
  CHECK(part == "the");
  CHECK(read_item_part(42, row, 3, 2, check, part));
  CHECK(read_item_part(42, row, 5, 3, check, part) == !damaged);
  CHECK_FALSE(read_item_part(42, row, 5, 4, check, part));
  CHECK_FALSE(read_item_part(42, "short", 0, 1, check, part));
}

TEST_CASE("a state's row keeps its failures") {
  std::string row;
  append_state(row, 7, {3, true, true, {99, 40}, 6, {{1, "host/1", "why"}, {2, "", ""}}});
  StateRow read;
  REQUIRE(read_state(7, row, read));
  CHECK(read.failures == 3);
  CHECK(read.dead);
  CHECK(read.suspect);
  CHECK(read.delay == Delay{99, 40});
  CHECK(read.deliveries == 6);
  REQUIRE(read.history.size() == 2);
  CHECK(read.history[0].consumer == "host/1");
  CHECK(read.history[0].why == "why");
}

TEST_CASE("an item without a delay has none in its row") {
  std::string with = some_item(), without;
  append_item(without, 42, {1, 2, 9, SeqNo{77}, {}, "the body"});
  CHECK(without.size() == with.size() - 12);
  ItemRow row;
  REQUIRE(read_item(42, without, row));
  CHECK(row.delay == Delay{});
  CHECK(row.body == "the body");
}

TEST_CASE("a producer's row keeps its digests before its name") {
  std::string row;
  append_producer(row, 3, {"rick", true, false, SeqNo{8}, 5, 1, std::string_view("\0\1\2", 3)});
  ProducerRow read;
  REQUIRE(read_producer(3, row, read));
  CHECK(read.name == "rick");
  CHECK(read.undigested == 0);
  CHECK(read.digests == std::string_view("\0\1\2", 3));
}

// --- format 1 ------------------------------------------------------------------------------------

/// A row as a broker of format 1 wrote it.
std::string with_crc(std::uint64_t key, const std::string& rest) {
  std::string keyed, row;
  append(keyed, key);
  append(row, crc32(keyed + rest));
  return row + rest;
}

std::string item_of_format_1(UnixMs due) {
  std::string rest;
  append(rest, std::uint32_t{1});
  append(rest, std::uint32_t{2});
  append(rest, std::uint8_t{9});
  append(rest, std::uint8_t{0});
  append(rest, std::uint16_t{0});
  append(rest, std::uint64_t{77});
  append(rest, due);
  return with_crc(42, rest + "the body");
}

TEST_CASE("an item's row of format 1 is read as one") {
  ItemRow row;
  const auto delayed = item_of_format_1(99);
  REQUIRE(read_item(42, delayed, row));
  CHECK(row.number == SeqNo{77});
  CHECK(row.delay == Delay{99, Delay::no_limit});
  CHECK(row.body == "the body");
  REQUIRE(read_item(42, item_of_format_1(0), row));
  CHECK(row.delay == Delay{});
}

TEST_CASE("a state's row of format 1 is read as one") {
  std::string rest;
  append(rest, std::uint16_t{3});
  append(rest, std::uint8_t{1});
  append(rest, std::uint8_t{1});
  append(rest, std::uint64_t{99});
  append(rest, std::uint64_t{5});
  append(rest, std::uint16_t{3});
  append(rest, std::uint16_t{2});
  StateRow row;
  REQUIRE(read_state(7, with_crc(7, rest + "whono"), row));
  CHECK(row == StateRow{3, true, false, {99, Delay::no_limit}, 0, {{5, "who", "no"}}});
}

TEST_CASE("a producer's row of format 1 is read as one") {
  std::string rest;
  append(rest, std::uint8_t{5});
  append(rest, std::uint8_t{4});
  append(rest, std::uint16_t{0});
  for (const std::uint64_t number : {8, 5, 1, 2}) append(rest, number);
  ProducerRow row;
  const auto bytes = with_crc(3, rest + "filerick");
  REQUIRE(read_producer(3, bytes, row));
  CHECK(row == ProducerRow{"rick", true, false, SeqNo{8}, 5, 1, "", 6});
}

// --- batches -------------------------------------------------------------------------------------

Batch batch_of(Ticket ticket, std::shared_ptr<Segment> segment) {
  Batch batch;
  batch.ticket = ticket;
  batch.puts.push_back({segment, segment->gone()});
  return batch;
}

TEST_CASE("a batch that waits need not write what a later one has settled") {
  auto segment = std::make_shared<Segment>(ItemId{10}, 1);
  for (int i = 0; i < 3; ++i) segment->add({0, 0, 4, SeqNo{1}, {}, "x"});
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
  segment.add({0, 0, 4, SeqNo{1}, {}, "a"});
  segment.add({0, 0, 4, SeqNo{2}, {}, "b"});
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
}  // namespace baton::internal::broker::log
