// What a peer may take of the broker's memory, and what a turn may take of its time.
#include <algorithm>

#include "tests/worlds/broker_world.hpp"
#include "tests/worlds/durable_memory.hpp"

namespace baton::internal::broker::test {
namespace {

const std::string fat(400, 'x');

/// A put of one item that may be refused.
Refusal put(BrokerWorld& world, Client& client, const std::string& body) {
  std::string entries;
  append_item(entries, {default_priority, 0, body});
  const auto refusal =
      world.dispatcher.put(world.session(client), client.next_put, 1, entries, world.now);
  if (refusal == Refusal::none) client.next_put += 1;
  world.settle();
  return refusal;
}

SessionId numbered(std::uint32_t n) {
  SessionId id;
  id.bytes.fill(9);
  for (int i = 0; i < 4; ++i)
    id.bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(n >> (8 * i));
  return id;
}

TEST_CASE("bytes beyond what was granted are refused, the last item may go beyond") {
  CoreSettings settings;
  settings.max_bytes = 1000;
  BrokerWorld world(settings);
  auto rick = world.producer(1);
  for (int i = 0; i < 3; ++i) CHECK(put(world, rick, fat) == Refusal::none);
  CHECK(rick.confirm().producer.put_window == 0);
  CHECK(put(world, rick, fat) == Refusal::over_credit);
  CHECK(put(world, rick, "") == Refusal::over_credit);
}

TEST_CASE("items beyond what was granted are refused") {
  CoreSettings settings;
  settings.max_items = 10;
  BrokerWorld world(settings);
  auto rick = world.producer(1);
  for (int i = 0; i < 10; ++i) CHECK(put(world, rick, "a") == Refusal::none);
  CHECK(put(world, rick, "a") == Refusal::over_credit);
}

TEST_CASE("what a confirm has granted stays granted, though the window is smaller by then") {
  CoreSettings settings;
  settings.max_bytes = 1000;
  BrokerWorld world(settings);
  auto rick = world.producer(1);
  CHECK(rick.confirm().producer.put_window == 1000);
  auto beth = world.producer(2);
  for (int i = 0; i < 3; ++i) CHECK(put(world, beth, fat) == Refusal::none);
  CHECK(put(world, beth, fat) == Refusal::over_credit);
  for (int i = 0; i < 3; ++i) CHECK(put(world, rick, fat) == Refusal::none);
  CHECK(put(world, rick, fat) == Refusal::over_credit);
}

TEST_CASE(
    "what an earlier session put comes in when there is room, and is asked for again until then") {
  CoreSettings settings;
  settings.max_bytes = 1000;
  BrokerWorld world(settings);
  auto beth = world.producer(2);
  for (int i = 0; i < 3; ++i) beth.put(fat);
  Hello hello;
  hello.role = Role::producer;
  hello.name = "rick";
  hello.queues = {"default"};
  hello.previous = Previous{BrokerInstance{6}, session_id(8)};
  auto rick = world.client(1, hello);
  std::string entries;
  for (int i = 0; i < 4; ++i) append_item(entries, {default_priority, 0, fat});
  const auto send = [&] {
    CHECK(world.dispatcher.put(world.session(rick), {1}, 4, entries, world.now) == Refusal::none);
    world.settle();
    return rick.confirm();
  };
  CHECK(send().producer.put_received == SeqNo{0});
  auto morty = world.consumer(3);
  morty.request(2);
  for (int i = 0; i < 2; ++i) {
    morty.received();
    morty.ack(fat);
  }
  const auto confirm = send();
  CHECK(confirm.producer.put_received > SeqNo{0});
  CHECK(confirm.producer.put_received < SeqNo{4});
  CHECK(confirm.producer.rewind_put);
}

TEST_CASE("lines beyond what was granted are refused, the last block may go beyond") {
  DurableMemory storage;
  CoreSettings settings;
  settings.durable = true;
  BrokerWorld world(settings, storage, {7});
  auto rick = world.producer(1);
  storage.most_settles = storage.turn();  // nothing is confirmed from now on
  rick.print(std::string(print_window_bytes - 1, 'x'));
  rick.print(std::string(max_print, 'x'));
  CHECK(rick.refusals().empty());
  rick.print("more");
  CHECK(rick.refusals() == Bodies{"over_credit"});
  CHECK_FALSE(world.core.find(rick.id));
}

TEST_CASE("a block in parts is no longer than one that is whole") {
  BrokerWorld world;
  auto rick = world.producer(1);
  rick.print_part(std::string(max_print, 'x'), true);
  CHECK(rick.refusals().empty());
  rick.print_part("x", false);
  CHECK(rick.refusals() == Bodies{"too_large"});
  CHECK_FALSE(world.core.find(rick.id));
}

TEST_CASE("a block in parts takes memory while it is under way, and only then") {
  BrokerWorld world;
  auto rick = world.producer(1);
  for (int i = 0; i < 10; ++i) rick.print_part(std::string(print_part_bytes, 'x'), true);
  CHECK(world.session(rick).print.block.bytes.size() == 10 * print_part_bytes);
  rick.print_part("x", false);
  CHECK(world.session(rick).print.block.bytes.capacity() < 100);
}

TEST_CASE(
    "who says hello and does not subscribe is forgotten when there are many, and keeps nobody "
    "out") {
  CoreSettings settings;
  settings.max_sessions = 5000;
  BrokerWorld world(settings);
  Hello hello;
  hello.role = Role::printer;
  for (std::uint32_t n = 0; n < 10'000; ++n)
    CHECK(world.core.hello(numbered(n), hello, world.now) == Refusal::none);
  CHECK(world.core.session_count() <= 2000);
  world.printer(1);
}

TEST_CASE("of a named producer that put nothing nothing is remembered, what one has put is") {
  BrokerWorld world;
  for (std::uint8_t n = 1; n < 100; ++n) {
    auto rick = world.producer(n, "rick " + std::to_string(n));
    if (n == 50) rick.put("a");
    rick.close(n == 50 ? SeqNo{1} : SeqNo{});
  }
  auto morty = world.consumer(200);
  morty.request();
  morty.received();
  morty.ack("a");
  world.advance(2 * heartbeat_interval, {&morty});
  CHECK(world.core.queues().producers().size() == 1);
}

TEST_CASE(
    "who reclaims much in vain and reads nothing of it is cut off, who has most of it first") {
  CoreSettings settings;
  settings.max_untold = 100;
  BrokerWorld world(settings);
  const auto in_vain = [&](std::uint8_t n, std::uint64_t count) {
    auto reclaimer = world.announces_reclaims(n, BrokerInstance{6}, session_id(100), count);
    for (std::uint64_t id = 2; id <= 2 * count; id += 2) reclaimer.reclaim({{ItemId{id}, 1, 1}});
    return reclaimer;
  };
  auto some = in_vain(1, 40), many = in_vain(2, 60);
  CHECK(world.core.find(many.id));
  auto more = in_vain(3, 1);
  CHECK(world.core.find(some.id));
  CHECK_FALSE(world.core.find(many.id));
  CHECK(many.refusals() == Bodies{"over_credit"});
  for (int i = 0; i < 3; ++i) {
    const auto lost = some.lost();
    some.heartbeat(SeqNo{40});
    in_vain(static_cast<std::uint8_t>(10 + i), 60);
  }
  CHECK(world.core.find(some.id));
  CHECK(world.core.find(more.id));
}

TEST_CASE("of thousands of items that are not held a few are told, all are counted") {
  BrokerWorld world;
  auto morty = world.consumer(1);
  std::string entries;
  for (std::uint64_t id = 1; id <= max_entries; ++id)
    append_runs(entries, EntryKind::ack, {{ItemId{id}, max_requests}});
  CHECK(world.dispatcher.control(world.session(morty), {1}, max_entries, entries, world.now) ==
        Refusal::none);
  world.settle();
  CHECK(morty.refusals().size() == 16);
  CHECK(world.core.refused(Refusal::not_held) ==
        max_requests + max_entries - 1);  // then one ends its entry
}

TEST_CASE("who asks and cancels and reads nothing is answered for a window, then cut off") {
  BrokerWorld world;
  auto morty = world.consumer(1);
  std::string entries;
  for (std::uint64_t requested = max_requests; requested <= 100 * std::uint64_t{max_requests};
       requested += max_requests) {
    append_request(entries, {requested});
    append_cancel_requests(entries, max_requests);
  }
  CHECK(world.dispatcher.control(world.session(morty), {1}, 200, entries, world.now) ==
        Refusal::none);
  std::size_t answers = 0;
  for (const auto& message : world.effects.link_messages) answers += message.bytes.size();
  CHECK(answers > link_window_bytes);
  CHECK(answers < link_window_bytes + (2u << 20));
  world.settle();
  CHECK(world.core.refused(Refusal::over_credit) == 1);
  CHECK(world.core.queues().serving().bytes_under_way() == 0);
}

TEST_CASE("a delivery link that nobody was told of yet cannot be lost") {
  BrokerWorld world;
  auto morty = world.consumer(1);
  std::string entries;
  for (std::uint32_t generation = 1; generation <= 100; ++generation)
    append_link_lost(entries, {generation, {}, 0});
  CHECK(world.dispatcher.control(world.session(morty), {1}, 100, entries, world.now) ==
        Refusal::none);
  CHECK(world.effects.link_changes.size() == 2);  // one is closed, one is opened
}

TEST_CASE("a session holds so many items, and gets more when some are settled") {
  constexpr std::uint64_t more = 1000;
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  std::string entries;
  for (std::uint64_t i = 0; i < more; ++i) append_item(entries, {default_priority, 0, "a"});
  for (std::uint64_t put = 0; put < max_requests + more; put += more) {
    REQUIRE(world.dispatcher.put(world.session(rick), rick.next_put, more, entries, world.now) ==
            Refusal::none);
    rick.next_put += more;
    world.settle();
    morty.request(more);
  }
  CHECK(world.session(morty).consumer.held == max_requests);
  const auto first = morty.received().size();
  CHECK(first == max_requests);
  std::string ack;
  append_runs(ack, EntryKind::ack, {{ItemId{1}, 600}});
  morty.entry(ack);
  CHECK(morty.received().size() == 600);
  CHECK(world.session(morty).consumer.held == max_requests);
  morty.cancel_requests(max_requests);
  const auto answers = morty.received();
  CHECK(std::count(answers.begin(), answers.end(), "none") > 0);
  CHECK(world.session(morty).consumer.wants() == 0);
}

/// Turns of which each moves ten items.
CoreSettings small_turns() {
  CoreSettings settings;
  settings.turn_work = 10;
  return settings;
}

std::size_t entries_in(const Effects& effects) {
  std::size_t sum = 0;
  for (const auto& message : effects.link_messages) sum += message.count;
  return sum;
}

TEST_CASE("a turn delivers so many items, and the next one begins at once") {
  BrokerWorld world(small_turns());
  auto rick = world.producer(1);
  for (int i = 0; i < 100; ++i) rick.put("a");
  auto morty = world.consumer(2);
  std::string request;
  append_request(request, {100});
  REQUIRE(world.dispatcher.control(world.session(morty), {1}, 1, request, world.now) ==
          Refusal::none);
  for (int turn = 1; turn <= 10; ++turn) {
    world.core.end_turn(world.now, true);
    CHECK(entries_in(world.effects) == 10);
    world.effects.clear();
    if (turn < 10) CHECK(world.core.next_deadline() <= world.now);
  }
  CHECK(world.session(morty).consumer.held == 100);
}

TEST_CASE("a queue with a long way to go keeps no other one waiting") {
  BrokerWorld world(small_turns());
  auto rick = world.producer(1, "rick", "long");
  auto beth = world.producer(2, "beth", "short");
  for (int i = 0; i < 100; ++i) rick.put("a");
  auto morty = world.consumer(3, {"long"}), summer = world.consumer(4, {"short"});
  std::string request;
  append_request(request, {100});
  for (const auto* client : {&morty, &summer})
    REQUIRE(world.dispatcher.control(world.session(*client), {1}, 1, request, world.now) ==
            Refusal::none);
  world.core.end_turn(world.now, true);
  std::string item;
  append_item(item, {default_priority, 0, "b"});
  REQUIRE(world.dispatcher.put(world.session(beth), {1}, 1, item, world.now) == Refusal::none);
  for (int turn = 0; turn < 2; ++turn) world.core.end_turn(world.now, true);
  CHECK(world.session(summer).consumer.held == 1);
  CHECK(world.session(morty).consumer.held < 100);
  world.effects.clear();
}

TEST_CASE("items whose delay ends at one moment join their queue some at a time") {
  BrokerWorld world(small_turns());
  auto rick = world.producer(1);
  for (int i = 0; i < 100; ++i) rick.put("a", default_priority, 1000);
  const auto& queue = *world.core.queues().all().at("default");
  world.now += 1s;
  for (std::uint64_t turn = 1; turn <= 10; ++turn) {
    CHECK(world.core.next_deadline() <= world.now);
    world.core.end_turn(world.now, true);
    CHECK(queue.ready.size() == turn * 10);
  }
  world.effects.clear();
}

TEST_CASE("sessions that end at one moment and hold much end one after the other") {
  BrokerWorld world(small_turns());
  auto rick = world.producer(1);
  std::vector<Client> consumers;
  for (std::uint8_t n = 2; n < 7; ++n) {
    consumers.push_back(world.consumer(n));
    for (int i = 0; i < 20; ++i) rick.put("a");
    consumers.back().request(20);
  }
  for (const auto& client : consumers) world.core.unsubscribed(client.id, world.now);
  world.now += reconnect_grace;
  for (std::size_t turn = 1; turn <= 5; ++turn) {
    CHECK(world.core.next_deadline() <= world.now);
    world.core.end_turn(world.now, true);
    CHECK(world.core.session_count() == 6 - turn);
  }
  world.effects.clear();
}

}  // namespace
}  // namespace baton::internal::broker::test
