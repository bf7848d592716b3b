// A consumer's session, as a transcript with a broker that is played by hand.
#include "tests/worlds/consumer_script.hpp"

using namespace baton::internal;
using namespace baton::internal::script;

TEST_CASE(
    "consumer: it connects the delivery link that the broker names, and asks only when that "
    "stands") {
  ConsumerScript script;
  script.want();
  script.stand();
  const auto requests = script.requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].kind == Kind::connect_link);
  CHECK(requests[0].port == 9000);
  CHECK(script.control().empty());
  script.link_up(1);
  CHECK(script.requested() == 1);
  script.send_confirm();
  CHECK(script.requests().empty());
}

TEST_CASE("consumer: one request for each that waits, requests are counted in all") {
  ConsumerScript script;
  script.open();
  CHECK(script.control().empty());
  script.want(2);
  CHECK(script.requested() == 2);
  script.deliver(1, {1}, {11, 12});
  CHECK(script.take() == 11);
  script.unwant();
  CHECK(script.take() == 12);
  script.unwant();
  CHECK(script.control().empty());
  script.want();
  CHECK(script.requested() == 3);
}

TEST_CASE("consumer: prefetch requests ahead") {
  ConsumerScript script(3);
  script.open();
  CHECK(script.requested() == 3);
  script.deliver(1, {1}, {11, 12, 13});
  CHECK(script.control().empty());
  CHECK(script.take() == 11);
  CHECK(script.take() == 12);
  script.tick();
  CHECK(script.requested() == 5);
}

TEST_CASE("consumer: acks travel as runs, after the lines said before them") {
  ConsumerScript script(10);
  script.open();
  script.control();
  script.deliver(1, {1}, {11, 12, 13, 20});
  for (const auto id : Ids{11, 12, 13, 20}) CHECK(script.take() == id);
  script.consumer.print("got it\n");
  for (const auto id : Ids{11, 12, 13}) CHECK(script.ack({id}));
  CHECK_FALSE(script.ack({11}));
  CHECK_FALSE(script.ack({99}));
  CHECK(script.fail({20}, 500, "why not"));
  script.tick();
  const auto said = script.control();
  REQUIRE(said.size() == 4);
  CHECK(said[0].kind == EntryKind::print);
  CHECK(said[1].kind == EntryKind::fail);
  CHECK(said[2].kind == EntryKind::ack);
  CHECK(ids_in(said[2]) == Ids{11, 12, 13});
  CHECK(said[2].payload.size() == 12);
  CHECK(said[3].kind == EntryKind::request);
}

TEST_CASE(
    "consumer: a long block of lines is said in parts, and all of it again if it was not confirmed "
    "whole") {
  ConsumerScript script(1);
  script.open();
  script.control();
  const std::string block(2 * print_part_bytes + 1, 'x');
  script.consumer.print("before\n");
  script.consumer.print(block);
  const auto parts = [&] {
    std::string whole;
    for (const auto& sent : script.control()) {
      if (sent.kind != EntryKind::print) continue;
      const auto said = read_print({sent.kind, 0, sent.flags, sent.payload});
      if (said.number != 2) continue;
      CHECK(said.block.size() <= print_part_bytes);
      CHECK(said.goes_on == (said.block.size() == print_part_bytes));
      whole += said.block;
    }
    return whole;
  };
  script.tick();
  CHECK(parts() == block);
  script.begin_anew();
  script.stand();
  CHECK(parts() == block);
}

TEST_CASE("consumer: acks of many items far apart travel in several entries, none too long") {
  constexpr std::uint64_t count = 5000, at_most = 4096;
  ConsumerScript script(count);
  script.open();
  script.control();
  Ids ids;
  for (std::uint64_t i = 0; i < count; ++i) ids.push_back(1 + 2 * i);
  for (std::uint64_t i = 0; i < count; i += 1000)
    script.deliver(1, {i + 1},
                   {ids.begin() + static_cast<long>(i), ids.begin() + static_cast<long>(i + 1000)});
  for (const auto id : ids) REQUIRE(script.take() == id);
  script.control();
  for (const auto id : ids) REQUIRE(script.ack({id}));
  script.tick();
  Ids acked;
  for (const auto& said : script.control()) {
    if (said.kind != EntryKind::ack) continue;
    const auto some = ids_in(said);
    CHECK(some.size() <= at_most);
    acked.insert(acked.end(), some.begin(), some.end());
  }
  CHECK(acked == ids);
}

TEST_CASE("consumer: a request taken back is answered by none, or by the item that crossed") {
  ConsumerScript script;
  script.open();
  for (const bool crossed : {false, true}) {
    script.want();
    script.control();
    script.unwant();
    const auto said = script.control();
    REQUIRE(said.size() == 1);
    CHECK(said[0].kind == EntryKind::cancel_requests);
    CHECK_FALSE(script.consumer.cancelled(script.consumer.cancellation_ticket()));
    if (crossed)
      script.deliver(1, {2}, {11});
    else
      script.none(1, {1});
    CHECK(script.consumer.cancelled(script.consumer.cancellation_ticket()));
    CHECK(script.take() == (crossed ? 11 : 0));
    CHECK(script.control().empty());
  }
}

TEST_CASE(
    "consumer: a skipped number, a break and a delivery link that never stands are losses of the "
    "delivery link") {
  SUBCASE("a skipped number") {
    ConsumerScript script(5);
    script.open();
    script.control();
    script.deliver(1, {1}, {11});
    script.deliver(1, {3}, {13});
    const auto lost = script.link_lost();
    CHECK(lost.generation == 1);
    CHECK(lost.received == SeqNo{1});
    CHECK(lost.wanted == 4);
    CHECK(script.requests().back().kind == Kind::close_link);
    CHECK(script.take() == 11);
    CHECK(script.take() == 0);
  }
  SUBCASE("a break; the next delivery link stands as asked for") {
    ConsumerScript script;
    script.open();
    script.want();
    script.control();
    script.consumer.on_link_down(1, script.now);
    script.tick();
    CHECK(script.link_lost().wanted == 1);
    script.confirm.consumer.link_generation = 2;
    script.confirm.consumer.link_port = 9001;
    script.requests();
    script.send_confirm();
    CHECK(script.requests().back().port == 9001);
    script.link_up(2);
    CHECK(script.control().empty());
    script.deliver(1, {1}, {10});
    CHECK(script.take() == 0);
    script.deliver(2, {1}, {11});
    CHECK(script.take() == 11);
  }
  SUBCASE("no handshake within two seconds") {
    ConsumerScript script;
    script.stand();
    script.live(1900ms);
    script.advance(99ms);
    CHECK(script.control().empty());
    script.advance(1ms);
    CHECK(script.link_lost().received == SeqNo{0});
  }
  SUBCASE("sent, and nothing here for three seconds") {
    ConsumerScript script(1);
    script.open();
    script.control();
    script.confirm.consumer.link_sent = {1};
    script.send_confirm();
    script.live(2900ms);
    CHECK(script.control().empty());
    script.live(1100ms);
    CHECK(script.link_lost().wanted == 1);
  }
}

TEST_CASE(
    "consumer: delivery links that are refused are given up ever more slowly and their port is "
    "named after two seconds") {
  ConsumerScript script;
  script.stand();
  const auto offer = [&](std::uint32_t generation) {
    script.confirm.consumer.link_generation = generation;
    script.confirm.consumer.link_port = static_cast<std::uint16_t>(8999 + generation);
    script.send_confirm();
  };
  const auto refused = [&](std::uint32_t generation) {
    script.consumer.on_link_down(generation, script.now);
    script.tick();
    return !script.control().empty();
  };
  CHECK(refused(1));
  offer(2);
  CHECK_FALSE(refused(2));
  script.advance(249ms);
  CHECK(script.control().empty());
  script.advance(1ms);
  CHECK(script.link_lost().generation == 2);
  offer(3);
  CHECK_FALSE(refused(3));
  script.live(1700ms);
  CHECK(script.control().size() == 1);
  CHECK_FALSE(script.consumer.unreachable_port(script.now));
  script.consumer.take_change();
  script.live(50ms);
  CHECK(script.consumer.take_change());
  CHECK(script.consumer.unreachable_port(script.now) == 9000);
  offer(4);
  CHECK(script.consumer.unreachable_port(script.now) == 9000);
  script.link_up(4);
  CHECK_FALSE(script.consumer.unreachable_port(script.now));
}

TEST_CASE("consumer: a link message of another session is not ours") {
  ConsumerScript script(1);
  script.open();
  script.session = session_id(9);
  std::string frame(header_size, '\0');
  write_header(frame.data(),
               {MessageType::deliveries, 1, script.broker_instance, session_id(9), {1}});
  append_delivery(frame, {{11}, 0, 1, default_priority, "x"});
  script.consumer.on_link(1, frame, script.now);
  CHECK(script.take() == 0);
}

TEST_CASE("client: a message of a kind that is not for clients is passed over") {
  ConsumerScript script(1);
  script.open();
  std::string frame(header_size, '\0');
  write_header(frame.data(), {MessageType::put, 1, script.broker_instance, script.session, {1}});
  script.notify(frame);
  CHECK(script.consumer.session().established());
}

TEST_CASE(
    "client: a refusal that ends the session is told in the broker's words, or in ours where it "
    "has none") {
  std::string said, told;
  SUBCASE("the broker's") { said = told = "because"; }
  SUBCASE("ours") { told = meaning(Refusal::version); }
  ConsumerScript script;
  script.refuse(Refusal::version, said);
  REQUIRE(script.consumer.session().over());
  CHECK(script.consumer.session().error()->refusal == Refusal::version);
  CHECK(script.consumer.session().error()->text == told);
}

TEST_CASE(
    "consumer: a job that lost its item does not settle the one of the same id that another job "
    "has by now") {
  ConsumerScript script(10);
  script.open();
  script.deliver(1, {1}, {1});
  CHECK(script.take() == 1);
  const auto first = script.consumer.last_tag();
  script.begin_anew();
  script.open();  // it keeps nothing; ids may begin again with a new broker, too
  script.deliver(1, {1}, {1});
  CHECK(script.take() == 1);
  const auto second = script.consumer.last_tag();
  CHECK_FALSE(script.ack({1}, first));
  CHECK_FALSE(script.fail({1}, 0, "too late", first));
  CHECK_FALSE(script.release({1}, first));
  CHECK(script.ack({1}, second));
}

TEST_CASE("consumer: after standing still it takes nothing until the broker has answered") {
  ConsumerScript script(2);
  script.open();
  script.control();
  script.deliver(1, {1}, {11, 12});
  CHECK(script.take() == 11);
  script.now += session_timeout + 1s;  // the process was stopped: nothing ran
  CHECK(script.take() == 0);
  script.send_confirm();  // it had come in long ago
  CHECK(script.take() == 0);
  script.confirm.control_received = script.last_control();
  script.send_confirm();
  CHECK(script.take() == 12);
}

TEST_CASE("consumer: nothing follows its close, not even when it had stood still before") {
  ConsumerScript script(2);
  script.open();
  script.control();
  script.now += session_timeout + 1s;
  script.consumer.close(script.now);
  script.tick();
  script.control();
  script.confirm.control_received = script.last_control();
  script.send_confirm();
  script.tick();
  CHECK(script.control().empty());
}

TEST_CASE(
    "consumer: draining releases what waits and what still arrives, and takes the requests back") {
  ConsumerScript script(3);
  script.open();
  script.control();
  script.deliver(1, {1}, {11, 12});
  CHECK(script.take() == 11);
  script.consumer.drain();
  script.tick();
  auto said = script.control();
  REQUIRE(said.size() == 2);
  CHECK(said[0].kind == EntryKind::release);
  CHECK(ids_in(said[0]) == Ids{12});
  CHECK(said[1].kind == EntryKind::cancel_requests);
  script.deliver(1, {3}, {13});
  said = script.control();
  REQUIRE(said.size() == 1);
  CHECK(ids_in(said[0]) == Ids{13});
  CHECK(script.ack({11}));
  script.consumer.close(script.now);
  script.tick();
  said = script.control();
  REQUIRE(said.size() == 2);
  CHECK(said[0].kind == EntryKind::ack);
  CHECK(said[1].kind == EntryKind::close);
}

TEST_CASE("consumer: a broker without room is asked again each second") {
  ConsumerScript script;
  script.hello();
  script.refuse(Refusal::sessions_full);
  CHECK(script.consumer.session().full());
  script.advance(900ms);
  CHECK_FALSE(script.hello());
  script.advance(100ms);
  CHECK(script.hello());
  script.stand();
  CHECK_FALSE(script.consumer.session().full());
}

TEST_CASE(
    "client: who is to wait for what others of its name have put says so and goes on waiting") {
  ConsumerScript script;
  script.hello();
  script.refuse(Refusal::not_yet, "not on disk yet");
  CHECK(script.consumer.session().why_full() == "not on disk yet");
  script.stand();
  CHECK_FALSE(script.consumer.session().full());
  script.refuse(Refusal::not_yet);
  CHECK_FALSE(script.consumer.session().full());
}

TEST_CASE(
    "consumer: one that is welcomed but gets no delivery link asks again each second, in a new "
    "session") {
  ConsumerScript script;
  for (std::uint8_t round = 1; round <= 3; ++round) {
    script.session = session_id(round);
    REQUIRE(script.hello());
    script.welcome();
    script.confirm.consumer.link_generation = 1;
    script.send_confirm();
    script.refuse(Refusal::sessions_full);
    CHECK(script.consumer.session().full());
    script.session = session_id(round + 1u);
    script.advance(999ms);
    CHECK_FALSE(script.hello());
    script.advance(1ms);
    CHECK(script.consumer.session().full());
  }
  script.confirm = {};
  script.stand();
  CHECK_FALSE(script.consumer.session().full());
}

TEST_CASE("client: a broker that has no room is waited for longer than one that does not answer") {
  ConsumerScript script;
  for (int i = 0; i < 20; ++i) {
    script.refuse(Refusal::sessions_full);
    script.advance(1s);
  }
  CHECK_FALSE(script.consumer.session().over());
}

TEST_CASE(
    "consumer: one that holds or has settled something waits for a silent broker, an idle one does "
    "not") {
  ConsumerScript script;
  script.open();
  bool owes = true;
  SUBCASE("idle") {
    script.want();
    script.consumer.on_link_down(1, script.now);
    script.tick();
    owes = false;
  }
  SUBCASE("it holds an item") {
    script.deliver(1, {1}, {11});
    script.take();
  }
  SUBCASE("it has settled one") {
    script.deliver(1, {1}, {11});
    script.take();
    script.ack({11});
  }
  SUBCASE("it has said a line") { script.consumer.print("got it\n"); }
  script.advance(silence);
  script.consumer.close(script.now);
  script.tick();
  CHECK(script.consumer.session().over() != owes);
}

TEST_CASE("consumer: one that has no delivery link leaves at once") {
  ConsumerScript script;
  script.welcome();
  script.confirm.print_window = 1000;
  script.send_confirm();
  script.consumer.print("Starting\n");
  script.refuse(Refusal::sessions_full);
  script.session = session_id(2);
  script.consumer.close(script.now);
  script.tick();
  CHECK(script.consumer.session().state() == ClientSession::State::ended);
}

TEST_CASE("consumer: an idle one wakes once a second") {
  ConsumerScript script;
  script.open();
  script.want();
  script.advance(1s);
  script.consumer.take_change();
  script.send_confirm();
  CHECK(script.heartbeat());
  CHECK_FALSE(script.consumer.take_change());
  CHECK(script.consumer.next_deadline() > script.now + 1s);
}

TEST_CASE("consumer: shutdown closes it when what it has in hand is taken") {
  ConsumerScript script(2);
  script.open();
  script.deliver(1, {1}, {11});
  script.confirm.shutdown = true;
  script.send_confirm();
  CHECK_FALSE(script.consumer.closed());
  CHECK(script.take() == 11);
  CHECK(script.consumer.closed());
}

TEST_CASE(
    "consumer: what it holds when its user goes without a word has failed, and what waits is given "
    "back") {
  ConsumerScript script(5);
  script.open();
  script.deliver(1, {1}, {11, 12, 13, 14});
  CHECK(script.take() == 11);
  CHECK(script.take() == 12);
  CHECK(script.take() == 13);
  CHECK(script.ack({12}));
  script.control();
  script.consumer.fail_held("gone");
  script.consumer.close(script.now);
  script.tick();
  const auto said = script.control();
  REQUIRE(said.size() >= 5);
  CHECK(said[0].kind == EntryKind::fail);
  CHECK(said[1].kind == EntryKind::fail);
  const auto first = read_settlement({EntryKind::fail, 0, 0, said[0].payload});
  CHECK(first.id == ItemId{11});
  CHECK(first.reason == "gone");
  CHECK(read_settlement({EntryKind::fail, 0, 0, said[1].payload}).id == ItemId{13});
  CHECK(ids_in(said[2]) == Ids{12});
  CHECK(said[3].kind == EntryKind::release);
  CHECK(ids_in(said[3]) == Ids{14});
  CHECK(said.back().kind == EntryKind::close);
}
