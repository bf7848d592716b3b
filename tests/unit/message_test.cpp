#include "proto/message.hpp"

#include <doctest/doctest.h>

#include <random>

namespace baton::internal::test {
namespace {

std::string header_bytes(MessageType type = MessageType::put) {
  std::string frame(header_size, '\0');
  write_header(frame.data(), {type, 1, {7}, {}, {1}});
  return frame;
}

std::string with(std::string bytes, std::size_t at, char value) {
  bytes[at] = value;
  return bytes;
}

std::string entry(EntryKind kind, std::string_view payload, std::uint8_t a = 0,
                  std::uint16_t b = 0) {
  std::string bytes;
  append_entry_head(bytes, kind, a, b, payload.size());
  return bytes += payload;
}

template <class... Numbers>
std::string numbers(Numbers... values) {
  std::string bytes;
  (append(bytes, values), ...);
  return bytes;
}

std::string run(std::uint64_t first, std::uint32_t count) { return numbers(first, count); }

/// What a given has before `body`, and that.
std::string deliver(const std::string& body, std::uint16_t flags = 0) {
  return numbers(std::uint64_t{1}, std::uint16_t{0}, flags, 1u) + body;
}
/// The same with the put `number` of producer 7.
std::string named(std::uint64_t number, std::string_view body = "x", std::uint16_t flags = 0) {
  return numbers(std::uint64_t{1}, std::uint16_t{0}, static_cast<std::uint16_t>(unstored | flags),
                 1u, std::uint64_t{7}, number) +
         std::string(body);
}
std::string next_of(std::string_view body) { return deliver(std::string(body), next_put); }
std::string reclaim_run(std::uint64_t first, std::uint32_t count) {
  return numbers(first, count, 1u);
}

struct Case {
  const char* what;
  MessageType type;
  std::string payload;
  std::uint16_t count = 1;
};

using enum MessageType;
using enum EntryKind;

std::string of(std::size_t size) { return std::string(size, 'x'); }

std::vector<Case> valid() {
  return {
      {"an item without a body", put, entry(item, "")},
      {"an item of priority 9", put, entry(item, "x", 9)},
      {"a delayed item without a body", put, entry(item, numbers(1u), 0, has_delay)},
      {"the largest item", put, entry(item, of(max_body))},
      {"the largest delayed item", put, entry(item, numbers(1u) + of(max_body), 0, has_delay)},
      {"two items", put, entry(item, "x") + entry(item, "y"), 2},
      {"a request", control,
       entry(request, numbers(std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}, 4u))},
      {"cancelled requests", control, entry(cancel_requests, numbers(1u))},
      {"an ack of one run", control, entry(ack, run(1, 1))},
      {"an ack of two runs", control, entry(ack, run(1, 1) + run(7, 2))},
      {"an ack of all that a session can hold", control, entry(ack, run(1, max_requests))},
      {"a release", control, entry(release, run(UINT64_MAX - 1, 1))},
      {"a fail without a reason", control, entry(fail, run(1, 0))},
      {"a fail with the longest reason", control, entry(fail, run(1, 0) + of(max_reason))},
      {"an empty block", control, entry(print, of(print_size))},
      {"the largest block", control, entry(print, of(print_size + max_print))},
      {"a lost delivery link", control, entry(link_lost, numbers(1u, std::uint64_t{0}, 0u))},
      {"a join", control, entry(join, "")},
      {"a close", control, entry(close, numbers(std::uint64_t{0}))},
      {"reclaims", control, entry(reclaim, reclaim_run(1, 1) + reclaim_run(7, 65'535))},
      {"what is lost", outcome, entry(lost, run(1, 1) + run(7, 2))},
      {"a delivery", deliveries, entry(delivery, deliver(""), 9, 1)},
      {"the largest delivery", deliveries, entry(delivery, deliver(of(max_body)), 0, 65535)},
      {"the beginning of one", deliveries,
       entry(delivery, deliver(numbers(8u) + "abc", partial), 0, 1)},
      {"the beginning of the largest", deliveries,
       entry(delivery, deliver(numbers(std::uint32_t{max_body}) + "abc", partial), 0, 1)},
      {"a delivery with its put, then the next two", deliveries,
       entry(delivery, named(1), 0, 1) + entry(delivery, next_of("a"), 0, 1) +
           entry(delivery, next_of("b"), 0, 1),
       3},
      {"its next bytes", deliveries, entry(part, "x")},
      {"the answer to a cancelled request", deliveries, entry(empty, "")},
      {"a dead letter's notice", outcome, entry(died, "{}")},
      {"a result, which a later version may send", outcome, entry(result, "x")},
      {"a line", console, entry(line, of(line_size + max_print))},
      {"dropped lines", console, entry(dropped, numbers(std::uint64_t{1}))},
  };
}

std::vector<Case> malformed() {
  return {
      {"no entry", put, "", 0},
      {"no entry, but one was promised", put, ""},
      {"half a head", put, entry(item, "").substr(0, 7)},
      {"a payload that is cut off", put, entry(item, "xy").substr(0, 9)},
      {"a size beyond the end of memory", put, numbers(UINT32_MAX, std::uint32_t{1}) + "x"},
      {"fewer entries than promised", put, entry(item, "x"), 2},
      {"more entries than promised", put, entry(item, "x") + entry(item, "x")},
      {"more entries than a message may have", control, entry(join, ""), max_entries + 1},
      {"kind 0", put, entry(EntryKind{}, "x")},
      {"an unknown kind", put, entry(EntryKind{2}, "x")},
      {"a kind of another stream", put, entry(print, of(print_size))},
      {"a print without its number", control, entry(print, of(print_size - 1))},
      {"a line that does not say whose", console, entry(line, of(line_size - 1))},
      {"an item on control", control, entry(item, "x")},
      {"an item on a delivery link", deliveries, entry(item, "x")},
      {"a line from a client", control, entry(line, "x")},
      {"entries in a heartbeat", heartbeat, entry(item, "x")},
      {"an item of priority 10", put, entry(item, "x", 10)},
      {"an item with an unknown flag", put, entry(item, "xxxx", 0, 2)},
      {"a delayed item without a delay", put, entry(item, "xxx", 0, has_delay)},
      {"a short request", control, entry(request, of(27))},
      {"a long request", control, entry(request, of(29))},
      {"a short cancel_requests", control, entry(cancel_requests, of(3))},
      {"an ack of nothing", control, entry(ack, "")},
      {"an ack of half a run", control, entry(ack, of(13))},
      {"an ack of no item", control, entry(ack, run(1, 0))},
      {"an ack of item 0", control, entry(ack, run(0, 1))},
      {"an ack of items beyond the last id", control, entry(ack, run(UINT64_MAX, 2))},
      {"an ack with a result, which this version does not know", control,
       entry(ack, run(1, 1), 0, has_result)},
      {"a request with a flag", control,
       entry(request, numbers(std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}, 4u), 0, 1)},
      {"a fail with a flag", control, entry(fail, run(1, 0), 0, 1)},
      {"a join with a flag", control, entry(join, "", 0, 1)},
      {"an ack with a priority", control, entry(ack, run(1, 1), 1)},
      {"a short fail", control, entry(fail, of(11))},
      {"a short lost delivery link", control, entry(link_lost, of(15))},
      {"a join with something", control, entry(join, "x")},
      {"a short close", control, entry(close, of(7))},
      {"no reclaim", control, entry(reclaim, "")},
      {"half a reclaim", control, entry(reclaim, reclaim_run(1, 1).substr(0, 15))},
      {"a reclaim of no item", control, entry(reclaim, reclaim_run(1, 0))},
      {"a reclaim of what never went out", control,
       entry(reclaim, numbers(std::uint64_t{1}, 1u, 0u))},
      {"a reclaim of what went out too often", control,
       entry(reclaim, numbers(std::uint64_t{1}, 1u, (1u << 31) + 1))},
      {"a reclaim of item 0", control, entry(reclaim, reclaim_run(0, 1))},
      {"a reclaim of items beyond the last id", control,
       entry(reclaim, reclaim_run(UINT64_MAX, 2))},
      {"what is lost, but nothing", outcome, entry(lost, "")},
      {"a `empty` with something", deliveries, entry(empty, "x")},
      {"short dropped lines", console, entry(dropped, of(7))},
  };
}

std::vector<Case> malformed_deliveries() {
  return {
      {"a short delivery", deliveries, entry(delivery, deliver("").substr(0, 15), 0, 1)},
      {"a delivery of no attempt", deliveries, entry(delivery, deliver(""))},
      {"a delivery of priority 10", deliveries, entry(delivery, deliver(""), 10, 1)},
      {"a delivery with a flag that is not known", deliveries,
       entry(delivery, deliver("", 0x8000), 0, 1)},
      {"a delivery with the next put of none", deliveries, entry(delivery, next_of("x"), 0, 1)},
      {"a delivery with the next put of a delivery without", deliveries,
       entry(delivery, deliver("x"), 0, 1) + entry(delivery, next_of("x"), 0, 1), 2},
      {"a delivery with the next put of a beginning", deliveries,
       entry(delivery, named(1, numbers(8u) + "abc", partial), 0, 1) +
           entry(delivery, next_of("x"), 0, 1),
       2},
      {"a delivery with the next put of an answer", deliveries,
       entry(delivery, named(1), 0, 1) + entry(empty, "") + entry(delivery, next_of("x"), 0, 1), 3},
      {"a delivery with its put and the next one", deliveries,
       entry(delivery, named(1, "x", next_put), 0, 1)},
      {"a beginning with the next put", deliveries,
       entry(delivery, named(1), 0, 1) +
           entry(delivery, deliver(numbers(8u) + "abc", partial | next_put), 0, 1),
       2},
      {"a beginning without a size", deliveries, entry(delivery, deliver("abc", partial), 0, 1)},
      {"a beginning of all there is", deliveries,
       entry(delivery, deliver(numbers(3u) + "abc", partial), 0, 1)},
      {"a part of nothing", deliveries, entry(part, "")},
      {"a delivery of item 0", deliveries, entry(delivery, std::string(16, '\0'), 0, 1)},
      {"a delivery of what no run can name", deliveries,
       entry(delivery, std::string(8, '\xff') + std::string(8, '\0'), 0, 1)},
  };
}

std::vector<Case> too_large() {
  return {
      {"an item", put, entry(item, of(max_body + 1))},
      {"a delayed item", put, entry(item, numbers(1u) + of(max_body + 1), 0, has_delay)},
      {"an ack of more than a session can hold", control,
       entry(ack, run(1, max_requests) + run(100'000, 1))},
      {"a reason", control, entry(fail, run(1, 0) + of(max_reason + 1))},
      {"a block", control, entry(print, of(print_size + max_print + 1))},
      {"reclaims of more than a session can hold", control,
       entry(reclaim, reclaim_run(1, max_requests) + reclaim_run(100'000, 1))},
      {"a delivery", deliveries, entry(delivery, deliver(of(max_body + 1)), 0, 1)},
      {"the beginning of one", deliveries,
       entry(delivery, deliver(numbers(std::uint32_t{max_body + 1}) + "abc", partial), 0, 1)},
      {"a part", deliveries, entry(part, of(max_body + 1))},
      {"a line", console, entry(line, of(line_size + max_print + 1))},
  };
}

void expect(const std::vector<Case>& cases, Refusal refusal) {
  for (const auto& one : cases) {
    CAPTURE(one.what);
    CHECK(check_entries(one.type, one.payload, one.count) == refusal);
  }
}

/// Decodes all that a payload which was found valid holds; the sanitizers watch.
void read_all(std::string_view payload) {
  EntryReader in(payload);
  std::vector<ItemRun> runs;
  std::vector<Reclaim> reclaims;
  for (Entry each; in.next(each);) {
    if (each.kind == item) read_item(each);
    if (each.kind == delivery) read_delivery(each);
    if (each.kind == request) read_request(each);
    if (each.kind == cancel_requests) read_cancel_requests(each);
    if (each.kind == ack || each.kind == release || each.kind == lost) read_runs(each, runs);
    if (each.kind == reclaim) read_reclaims(each, reclaims);
    if (each.kind == fail) read_settlement(each);
    if (each.kind == link_lost) read_link_lost(each);
    if (each.kind == close) read_close(each);
    if (each.kind == dropped) read_dropped(each);
  }
}

}  // namespace

TEST_CASE("headers: what is read, what is refused") {
  const auto good = header_bytes();
  struct Row {
    const char* what;
    std::string frame;
    Refusal refusal;
  };
  const std::vector<Row> rows{
      {"as written", good, Refusal::none},
      {"with a payload", good + "x", Refusal::none},
      {"reserved byte set", with(good, 5, 'x'), Refusal::none},
      {"empty", "", Refusal::short_frame},
      {"one byte short", good.substr(1), Refusal::short_frame},
      {"another magic", with(good, 0, 'b'), Refusal::magic},
      {"version 0", with(good, 3, 0), Refusal::version},
      {"version 1", with(good, 3, 1), Refusal::version},
      {"version 3", with(good, 3, 3), Refusal::version},
      {"version 3 with an unknown type", with(with(good, 3, 3), 4, 99), Refusal::version},
      {"type 0", with(good, 4, 0), Refusal::unknown_type},
      {"type 6", with(good, 4, 6), Refusal::unknown_type},
      {"type 255", with(good, 4, '\xff'), Refusal::unknown_type},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Header header;
    CHECK(read_header(row.frame, header) == row.refusal);
    const bool readable = row.refusal != Refusal::short_frame && row.refusal != Refusal::magic;
    CHECK(header.broker_instance ==
          BrokerInstance{readable ? 7u : 0u});  // so that the refusal finds its way back
  }
}

TEST_CASE("entries that are valid") { expect(valid(), Refusal::none); }
TEST_CASE("entries that are malformed") {
  expect(malformed(), Refusal::malformed);
  expect(malformed_deliveries(), Refusal::malformed);
}
TEST_CASE("entries that are too large") { expect(too_large(), Refusal::too_large); }

TEST_CASE("a reason is cut by its sender") {
  std::string payload;
  append_settlement(payload, {Settlement::Kind::failed, {1}, of(max_reason + 1)});
  CHECK(check_entries(control, payload, 1) == Refusal::none);
}

TEST_CASE("fixed blocks: a longer one is read, a shorter one refused") {
  Heartbeat sent_heartbeat{{1}, {2}, {3}, {4}, 5, true};
  const auto heartbeat_frame = encode_heartbeat({heartbeat, 0, {7}, {}, {}}, sent_heartbeat);
  Confirm sent_confirm;
  sent_confirm.part = Confirm::Part::consumer;
  sent_confirm.consumer.link_port = 40123;
  sent_confirm.ended = true;
  const auto confirm_frame = encode_confirm({confirm, 0, {7}, {}, {}}, sent_confirm);
  for (const std::size_t more : {0, 1, 100}) {
    Heartbeat got_heartbeat;
    Confirm got_confirm;
    CHECK(decode_heartbeat(payload_of(heartbeat_frame + of(more)), got_heartbeat) == Refusal::none);
    CHECK(got_heartbeat.link_generation == 5);
    CHECK(got_heartbeat.rewind);
    CHECK(decode_confirm(payload_of(confirm_frame + of(more)), got_confirm) == Refusal::none);
    CHECK(got_confirm.consumer.link_port == 40123);
    CHECK(got_confirm.ended);
    CHECK(!got_confirm.shutdown);
  }
  Heartbeat got_heartbeat;
  Confirm got_confirm;
  CHECK(decode_heartbeat(of(heartbeat_size - 1), got_heartbeat) == Refusal::malformed);
  CHECK(decode_confirm(of(confirm_head_size - 1), got_confirm) == Refusal::malformed);
  const auto payload = payload_of(confirm_frame);
  CHECK(decode_confirm(payload.substr(0, payload.size() - 1), got_confirm) == Refusal::malformed);
}

TEST_CASE("flags of a block that this version does not know are left alone") {
  std::string payload(heartbeat_size, '\0');
  payload[36] = '\xfe';
  Heartbeat got;
  CHECK(decode_heartbeat(payload, got) == Refusal::none);
  CHECK(!got.rewind);
}

TEST_CASE("whatever bytes come, reading them touches nothing else") {
  const auto cases = valid();
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const auto& one = cases[random() % cases.size()];
    if (one.payload.size() > 1000) continue;
    auto payload = one.payload;
    for (auto n = random() % 4; n > 0 && !payload.empty(); --n)
      payload[random() % payload.size()] = static_cast<char>(random());
    payload.resize(payload.size() - std::min<std::size_t>(payload.size(), random() % 3));
    payload.shrink_to_fit();
    if (check_entries(one.type, payload, one.count) == Refusal::none) read_all(payload);
  }
}

TEST_CASE(
    "confirm: a longer head is read, and a part that this version does not know is left out") {
  Confirm sent_confirm;
  sent_confirm.part = Confirm::Part::producer;
  sent_confirm.producer.accepted = 3;
  auto payload = std::string(payload_of(encode_confirm({confirm, 0, {7}, {}, {}}, sent_confirm)));
  constexpr std::size_t part = 34, head = 35;
  Confirm got;
  SUBCASE("a longer head") {
    payload.insert(confirm_head_size, "later");
    payload[head] = static_cast<char>(confirm_head_size + 5);
    REQUIRE(decode_confirm(payload, got) == Refusal::none);
    CHECK(got.producer.accepted == 3);
  }
  SUBCASE("a head that goes beyond the payload") {
    payload[head] = static_cast<char>(payload.size() + 1);
    CHECK(decode_confirm(payload, got) == Refusal::malformed);
  }
  SUBCASE("an unknown part") {
    payload[part] = 9;
    REQUIRE(decode_confirm(payload, got) == Refusal::none);
    CHECK(got.part == Confirm::Part::none);
    CHECK(got.producer.accepted == 0);
  }
}

TEST_CASE("request: a sum that cannot be counted is malformed") {
  std::string payload;
  append_request(payload, {UINT64_MAX, 1});
  CHECK(check_entries(control, payload, 1) == Refusal::malformed);
}

}  // namespace baton::internal::test
