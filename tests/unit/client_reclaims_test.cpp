// What a consumer reclaims of what it held, in a session after another one.
#include "tests/worlds/consumer_script.hpp"

using namespace baton::internal;
using namespace baton::internal::script;

TEST_CASE(
    "consumer: a new session reclaims what it holds and what it settled unheard, and drops what "
    "nobody began") {
  ConsumerScript script(10);
  script.open();
  script.deliver(1, {1}, {11, 12, 13, 14});
  for (const auto id : Ids{11, 12, 13}) CHECK(script.take() == id);
  script.ack({11});
  script.tick();
  script.control();
  script.begin_anew();
  const auto hello = script.hello();
  REQUIRE(hello);
  CHECK(hello->reclaims == 3);
  script.ack({12});  // while no session stands
  script.stand();
  CHECK(script.take() == 0);
  script.ack({13});
  script.tick();
  const auto said = script.control();
  REQUIRE(said.size() == 4);
  CHECK(reclaims_in(said[0]) == std::vector<Reclaim>{{{11}, 3, 1}});
  CHECK(ids_in(said[1]) == Ids{11});
  CHECK(ids_in(said[2]) == Ids{12});
  CHECK(ids_in(said[3]) == Ids{13});
}

TEST_CASE(
    "consumer: after a silence of its own it does not take the welcome of a session from before") {
  ConsumerScript script(10);
  script.open();
  script.deliver(1, {1}, {11});
  CHECK(script.take() == 11);
  const auto first = script.session;
  script.begin_anew();
  REQUIRE(script.hello());
  const auto late = encode_json(
      {MessageType::welcome, 0, script.broker_instance, script.session, {}}, to_json(Welcome{}));
  script.now += session_timeout + 1ms;
  script.session = session_id(3);
  script.notify(late);  // the broker may have lost that session by now
  CHECK_FALSE(script.consumer.session().established());
  const auto hello = script.hello();
  REQUIRE(hello);
  CHECK(hello->previous->session == first);
  CHECK(hello->reclaims == 1);
  script.stand();
  CHECK(script.consumer.session().established());
}

TEST_CASE("consumer: reclaims name the counts of deliveries") {
  ConsumerScript script(10);
  script.open();
  script.deliver(1, {1}, {11, 12});
  script.deliver(1, {3}, {13, 14}, 3);
  script.deliver(1, {5}, {15});
  for (const auto id : Ids{11, 12, 13, 14, 15}) CHECK(script.take() == id);
  script.control();
  script.ack({13});  // unheard
  script.begin_anew();
  script.stand();
  CHECK(reclaims_in(script.control().at(0)) ==
        std::vector<Reclaim>{{{11}, 2, 1}, {{13}, 2, 3}, {{15}, 1, 1}});
}

TEST_CASE(
    "consumer: what may not have been stored it reclaims by its put, in runs whose ids and numbers "
    "follow one another") {
  ConsumerScript script(10);
  script.open();
  script.deliver(1, {1}, {11});
  script.deliver_unstored(1, {2}, {12, 13, 14}, {7, {5}});
  script.deliver_unstored(1, {5}, {15}, {8, {8}});
  script.deliver_unstored(1, {6}, {16}, {8, {10}});
  script.deliver(1, {7}, {17}, 2);
  for (const auto id : Ids{11, 12, 13, 14, 15, 16, 17}) CHECK(script.take() == id);
  script.control();
  script.ack({13});  // unheard
  script.begin_anew();
  CHECK(script.hello()->reclaims == 7);
  script.stand();
  const auto said = script.control();
  REQUIRE(said.size() == 4);
  CHECK(reclaims_in(said[0]) == std::vector<Reclaim>{{{11}, 1, 1}});
  CHECK(said[1].kind == EntryKind::reclaim_put);
  CHECK(reclaims_in(said[1]) == std::vector<Reclaim>{{{12}, 3, 1, {7, {5}}},
                                                     {{15}, 1, 1, {8, {8}}},
                                                     {{16}, 1, 1, {8, {10}}}});
  CHECK(reclaims_in(said[2]) == std::vector<Reclaim>{{{17}, 1, 2}});
  CHECK(ids_in(said[3]) == Ids{13});
}

TEST_CASE(
    "consumer: what was confirmed of one message is not reclaimed, though the rest of it is not "
    "confirmed") {
  ConsumerScript script(10);
  script.open();
  script.deliver_unstored(1, {1}, {11, 12}, {7, {5}});
  for (const auto id : Ids{11, 12}) CHECK(script.take() == id);
  script.control();
  const auto before = script.last_control();
  script.fail({11}, 0, "no");
  script.fail({12}, 0, "no");
  script.tick();
  script.confirm.control_received = before + 1;
  script.send_confirm();
  script.control();
  script.begin_anew();
  CHECK(script.hello()->reclaims == 1);
  script.stand();
  CHECK(reclaims_in(script.control().at(0)) == std::vector<Reclaim>{{{12}, 1, 1, {7, {6}}}});
}

TEST_CASE("consumer: what it settled and reclaimed in vain it does not reclaim again") {
  ConsumerScript script(10);
  script.open();
  script.deliver_unstored(1, {1}, {11, 12}, {7, {5}});
  for (const auto id : Ids{11, 12}) CHECK(script.take() == id);
  script.ack({11});
  script.begin_anew();
  script.open();
  script.lost({1}, {{{11}, 1}});
  script.control();
  script.begin_again(session_id(3));
  CHECK(script.hello()->reclaims == 1);
  script.stand();
  CHECK(reclaims_in(script.control().at(0)) == std::vector<Reclaim>{{{12}, 1, 1, {7, {6}}}});
}

TEST_CASE(
    "consumer: what it has settled and not said yet is reclaimed by its put, however much it is") {
  constexpr std::uint64_t items = 2000;
  ConsumerScript script(items);
  script.open();
  Ids ids;
  for (std::uint64_t n = 1; n <= items; ++n) ids.push_back(10 * n);  // each a run of its own
  script.deliver_unstored(1, {1}, ids, {7, {1}});
  for (const auto id : ids) {
    REQUIRE(script.take() == id);
    script.ack({id});
  }
  script.begin_anew();
  CHECK(script.hello()->reclaims == items);
  script.control();
  script.stand();
  std::uint64_t reclaimed = 0;
  for (const auto& sent : script.control()) {
    if (sent.kind != EntryKind::reclaim && sent.kind != EntryKind::reclaim_put) continue;
    for (const auto& reclaim : reclaims_in(sent)) {
      reclaimed += reclaim.count;
      CHECK(reclaim == Reclaim{reclaim.first, 1, 1, {7, {reclaim.first.value / 10}}});
    }
  }
  CHECK(reclaimed == items);
}

TEST_CASE(
    "what an item is reclaimed with is what was noted of it last, whatever was forgotten "
    "meanwhile") {
  GivenMarks marks;
  const auto put = [](std::uint64_t number) { return GivenMark{1, {7, {number}}}; };
  marks.note({1}, {});
  for (std::uint64_t i = 1; i <= 100'000; ++i) marks.note({i}, put(1000 + i));
  CHECK_FALSE(marks.is_full());  // they follow one another
  marks.note({5}, {3, {}});
  marks.note({6}, {});
  const Reclaims expected{
      {{4}, 1, 1, {7, {1004}}}, {{5}, 1, 3, {}}, {{6}, 1, 1, {}}, {{7}, 2, 1, {7, {1007}}}};
  CHECK(marks.reclaims_of({{8}, {4}, {7}, {6}, {5}, {4}}) == expected);
  std::uint64_t noted = 0;
  for (; !marks.is_full(); noted += 2) marks.note({200'000 + noted}, put(noted));
  CHECK(noted <= 2 * 1024);
  marks.sweep({{4}, {5}, {6}, {7}, {8}, {200'000}});
  CHECK_FALSE(marks.is_full());
  CHECK(marks.reclaims_of({{4}, {5}, {6}, {7}, {8}}) == expected);
  CHECK(marks.reclaims_of({{200'000}}) == Reclaims{{{200'000}, 1, 1, {7, {0}}}});
}

TEST_CASE(
    "reclaims of the most items, each of another producer, are in within the time for them at 1 "
    "Mbit/s") {
  Reclaims reclaims;
  for (std::uint64_t i = 1; i <= max_requests; ++i) add_to(reclaims, {i}, {1, {i, {1}}});
  StreamSender stream;
  stream.set_credit({UINT64_MAX}, UINT64_MAX);
  append_to(stream, reclaims);
  std::uint64_t bytes = 0;
  while (auto* block = stream.next_to_send({})) {
    CHECK(block->bytes.size() <= pack_bytes + header_size + 2 * entry_head_size);
    bytes += block->bytes.size();
  }
  CHECK(bytes >= max_requests * 32);
  constexpr std::uint64_t bytes_a_second = 1'000'000 / 8, with_headers_of_tcp = 11;  // of 10
  CHECK(std::chrono::seconds(bytes * with_headers_of_tcp / 10 / bytes_a_second) <
        reclaim_at_latest / 2);
}

TEST_CASE(
    "consumer: what it reclaims in vain it does not hold any more, unless it was given that anew") {
  ConsumerScript script(10);
  script.open();
  script.deliver(1, {1}, {11, 12, 13});
  for (const auto id : Ids{11, 12, 13}) CHECK(script.take() == id);
  const auto third = script.consumer.last_tag();
  script.begin_anew();
  script.open();
  script.deliver(1, {1}, {13}, 2);
  CHECK(script.take() == 13);
  script.lost({1}, {{{12}, 2}});
  CHECK(script.ack({11}));
  CHECK_FALSE(script.ack({12}));
  CHECK_FALSE(script.ack({13}, third));
  CHECK(script.ack({13}));
  script.control();
  script.live(2s);
  REQUIRE(script.heartbeat());
}

TEST_CASE("consumer: what it gave back unheard under the session before is not given back again") {
  ConsumerScript script(10);
  script.open();
  script.deliver(1, {1}, {11, 12});
  for (const auto id : Ids{11, 12}) CHECK(script.take() == id);
  script.release({11});
  script.tick();
  script.control();
  script.begin_anew();
  script.release({12});  // that was announced by then
  script.stand();
  const auto said = script.control();
  REQUIRE(said.size() == 2);
  CHECK(reclaims_in(said[0]) == std::vector<Reclaim>{{{12}, 1, 1}});
  CHECK(said[1].kind == EntryKind::release);
  CHECK(ids_in(said[1]) == Ids{12});
}

TEST_CASE(
    "consumer: what it was given again and has in hand is reclaimed, and nothing that it said of "
    "it before is said again") {
  ConsumerScript script(10);
  script.open();
  script.deliver(1, {1}, {11, 12, 13, 14});
  for (const auto id : Ids{11, 12, 13, 14}) CHECK(script.take() == id);
  script.release({11});
  script.fail({12}, 0, "");
  script.ack({13});
  script.ack({14});
  script.tick();
  script.deliver(1, {5}, {11});
  script.deliver(1, {6}, {12, 13}, 2);
  for (const auto id : Ids{11, 12, 13}) CHECK(script.take() == id);
  script.control();
  script.begin_anew();
  script.stand();
  const auto said = script.control();
  REQUIRE(said.size() == 2);
  CHECK(reclaims_in(said[0]) == std::vector<Reclaim>{{{11}, 1, 1}, {{12}, 2, 2}, {{14}, 1, 1}});
  CHECK(said[1].kind == EntryKind::ack);
  CHECK(ids_in(said[1]) == Ids{14});
}

TEST_CASE("consumer: of an item that it settled twice unheard the last word is said again") {
  ConsumerScript script(10);
  script.open();
  script.deliver(1, {1}, {11, 12, 13});
  for (const auto id : Ids{11, 12, 13}) CHECK(script.take() == id);
  script.release({11});
  script.fail({12}, 0, "");
  script.fail({13}, 0, "");
  script.tick();
  script.deliver(1, {4}, {11, 12, 13});
  for (const auto id : Ids{11, 12, 13}) CHECK(script.take() == id);
  script.ack({11});
  script.ack({12});
  script.release({13});
  script.control();
  script.begin_anew();
  script.stand();
  const auto said = script.control();
  REQUIRE(said.size() == 4);
  CHECK(said[0].kind == EntryKind::reclaim);
  CHECK(read_settlement({EntryKind::fail, 0, 0, said[1].payload}).id == ItemId{13});
  CHECK(said[2].kind == EntryKind::ack);
  CHECK(ids_in(said[2]) == Ids{11, 12});
  CHECK(said[3].kind == EntryKind::release);
  CHECK(ids_in(said[3]) == Ids{13});
}

TEST_CASE(
    "consumer: what failed unheard, came again and was given back is reclaimed with the count that "
    "it failed with") {
  ConsumerScript script(10);
  script.open();
  script.deliver_unstored(1, {1}, {11, 12, 13}, {7, {5}});
  for (const auto id : Ids{11, 12, 13}) CHECK(script.take() == id);
  for (const auto id : Ids{11, 12, 13}) script.fail({id}, 0, "");
  script.deliver(1, {4}, {11, 12, 13}, 2);
  for (const auto id : Ids{11, 12, 13}) CHECK(script.take() == id);
  script.release({11});
  script.fail({12}, 0, "");
  script.control();
  script.begin_anew();
  script.stand();
  CHECK(reclaims_in(script.control().at(0)) == std::vector<Reclaim>{{{11}, 1, 1, {7, {5}}}});
}

TEST_CASE("consumer: no more is sent of what it says than may be under way, in short messages") {
  constexpr std::uint64_t items = 1000;
  ConsumerScript script(items);
  script.open();
  Ids ids;
  for (std::uint64_t n = 1; n <= items; ++n) ids.push_back(n);
  script.deliver(1, {1}, ids);
  const std::string reason(max_reason, 'x');
  for (const auto id : ids) {
    REQUIRE(script.take() == id);
    script.fail({id}, 0, reason);
  }
  std::uint64_t said = 0;
  const auto print = [&] {
    script.tick();
    std::uint64_t bytes = 0;
    for (const auto& sent : script.control()) {
      bytes += entry_head_size + sent.payload.size();
      said += sent.kind == EntryKind::fail;
    }
    return bytes;
  };
  CHECK(print() <= control_window_bytes + small_pack_bytes);
  CHECK(said > 200);
  CHECK(print() == 0);
  for (int i = 0; i < 10; ++i) {
    script.confirm.control_received = script.last_control();
    script.send_confirm();
    CHECK(print() <= control_window_bytes + small_pack_bytes);
  }
  CHECK(said == items);
}

TEST_CASE("consumer: of more than it may reclaim it names what it holds first") {
  ConsumerScript script(max_requests / 2);
  script.open();
  constexpr std::uint64_t each = 1000, acked = 70'000;
  for (std::uint64_t next = 1; next <= acked; next += each) {
    Ids ids;
    for (std::uint64_t i = 0; i < each; ++i) ids.push_back(2 * (next + i));
    script.deliver(1, {next}, ids);
    for (const auto id : ids) REQUIRE(script.take() == id);
    for (const auto id : ids) REQUIRE(script.ack({id}));
    script.tick();
  }
  script.deliver(1, {acked + 1}, {1'000'001});
  CHECK(script.take() == 1'000'001);
  script.begin_anew();
  CHECK(script.hello()->reclaims == max_requests);
  script.control();
  script.stand();
  std::uint64_t reclaimed = 0;
  bool held = false;
  for (int i = 0; i < 2; ++i) {  // more than may be under way
    for (const auto& sent : script.control()) {
      if (sent.kind != EntryKind::reclaim) break;
      for (const auto& reclaim : reclaims_in(sent)) {
        reclaimed += reclaim.count;
        held = held || reclaim.first == ItemId{1'000'001};
      }
    }
    script.confirm.control_received = script.last_control();
    script.send_confirm();
    script.tick();
  }
  CHECK(reclaimed == max_requests);
  CHECK(held);
}
