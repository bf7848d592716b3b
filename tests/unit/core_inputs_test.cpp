// The broker's pure core: what a named producer's new process is told of what earlier ones have
// put, and who is fenced.
#include "broker/checkpoints.hpp"
#include "proto/input_chain.hpp"
#include "tests/worlds/broker_world.hpp"
#include "tests/worlds/durable_memory.hpp"

namespace baton::internal::broker::test {
namespace {

Checkpoint at(std::uint64_t items, std::uint8_t digest = 7) {
  Checkpoint one{items, {}};
  one.digest.fill(digest);
  return one;
}

using Digests = std::vector<Checkpoint>;

const Welcome& welcome_of(BrokerWorld& world, const Client& client) {
  return world.session(client).welcome;
}

/// A process of the name comes again, and goes on where it is told.
Client comes(BrokerWorld& world, std::uint8_t process) {
  auto client = world.client(process, process_of_load(process));
  client.next_put = welcome_of(world, client).put_received + 1;
  return client;
}

/// A process that was welcomed before, in a session after an old one.
Hello comes_back(std::uint8_t process, std::uint64_t first_put) {
  auto hello = process_of_load(process);
  hello.begun = true;
  hello.previous = Previous{BrokerInstance{7}, session_id(process)};
  hello.first_put = SeqNo{first_put};
  return hello;
}

TEST_CASE(
    "a new process of a name is told what was put of the input, and where its numbers go on") {
  BrokerWorld world;
  auto first = comes(world, 1);
  CHECK(welcome_of(world, first).digests.empty());
  first.put("a", {at(1, 10), false});
  first.put("b", {at(2, 20), false});
  first.vanish();
  const auto second = comes(world, 2);
  CHECK(welcome_of(world, second).put_received == SeqNo{2});
  CHECK(welcome_of(world, second).digests == Digests{at(1, 10), at(2, 20)});
}

TEST_CASE(
    "a message that comes again notes its place once, and one that goes on behind it the last "
    "one") {
  BrokerWorld world;
  auto first = comes(world, 1);
  first.put("a", {at(1), false});
  first.next_put = {1};
  first.put("a", {at(1), false});
  first.put("b", {at(2), false});
  first.vanish();
  CHECK(welcome_of(world, comes(world, 2)).digests == Digests{at(1), at(2)});
}

TEST_CASE("an input that begins anew voids what is remembered, with its first put and not before") {
  BrokerWorld world;
  auto first = comes(world, 1);
  for (std::uint64_t i = 1; i <= 3; ++i) first.put("a", {at(i), false});
  first.vanish();
  auto second = comes(world, 2);
  second.vanish();  // it was told to begin again, and was killed before it had put anything
  auto third = comes(world, 3);
  CHECK(welcome_of(world, third).digests.back() == at(3));
  third.put("x", {at(5, 9), true});
  third.put("y", {at(6, 9), false});
  third.vanish();
  CHECK(welcome_of(world, comes(world, 4)).digests == Digests{at(5, 9), at(6, 9)});
}

TEST_CASE("what is remembered of an input is kept with the numbers") {
  DurableMemory storage;
  {
    BrokerWorld world(durable_settings(), storage, {7});
    auto rick = comes(world, 1);
    rick.put("a", {at(1), false});
    rick.put("b", {at(2), false});
  }
  BrokerWorld world(durable_settings(), storage, {8});
  CHECK(welcome_of(world, comes(world, 2)).digests == Digests{at(1), at(2)});
}

TEST_CASE(
    "a new process is welcomed when all that its name has put is kept: it could not put it again") {
  DurableMemory storage;
  BrokerWorld world(durable_settings(), storage, {7});
  auto first = comes(world, 1);
  first.put("a", {at(1), false});
  storage.most_puts = storage.turn();
  first.put("b", {at(2), false});
  const auto second = world.client(2, process_of_load(2));
  CHECK(first.refusals() == std::vector<std::string>{"fenced"});  // it would put more and more
  CHECK_FALSE(world.core.find(second.id));
  CHECK(world.core.hello(second.id, process_of_load(2), world.now) == Refusal::not_yet);
  storage.most_puts = UINT64_MAX;
  world.settle();
  world.core.end_turn(world.now, true);
  CHECK(welcome_of(world, second).put_received == SeqNo{2});
  CHECK(welcome_of(world, second).digests == Digests{at(1), at(2)});
}

TEST_CASE("a process that comes back goes on, unless a newer one has put something, or is here") {
  BrokerWorld world;
  auto first = comes(world, 1);
  first.put("a", {at(1), false});
  first.vanish();
  world.advance(1s);
  SUBCASE("nobody else came") {
    world.client(9, comes_back(1, 2));
    return;
  }
  auto second = comes(world, 2);
  SUBCASE("the newer one is here") { CHECK(second.confirm().producer.put_received == SeqNo{1}); }
  SUBCASE("the newer one has put something") {
    second.put("b", {at(2), false});
    second.vanish();
    world.advance(1s);
  }
  SUBCASE("the newer one came and went") {
    second.vanish();
    world.advance(1s);
    world.client(9, comes_back(1, 2));
    return;
  }
  CHECK(world.core.hello(session_id(9), comes_back(1, 2), world.now) == Refusal::fenced);
  CHECK(second.refusals().empty());
}

TEST_CASE(
    "a process that comes back is judged when it stands: a newer one may have come while it "
    "subscribed") {
  BrokerWorld world;
  auto first = comes(world, 1);
  first.put("a", {at(1), false});
  first.vanish();
  world.advance(1s);
  REQUIRE(world.core.hello(session_id(9), comes_back(1, 2), world.now) == Refusal::none);
  auto second = comes(world, 2);
  second.put("b", {at(2), false});
  world.core.subscribed(session_id(9), world.now);
  world.settle();
  CHECK_FALSE(world.core.find(session_id(9)));
  CHECK(Client{world, session_id(9), Role::producer}.refusals() ==
        std::vector<std::string>{"fenced"});
  CHECK(second.refusals().empty());
}

TEST_CASE(
    "of a message that does not fit a part comes in, and what is remembered is of that part") {
  CoreSettings settings = durable_settings();
  settings.max_items = 3;
  DurableMemory storage;
  std::string entries;
  InputChain chain("default");
  std::vector<Checkpoint> at;
  for (const auto* body : {"a", "b", "c", "d", "e"}) {
    append_item(entries, {default_priority, 0, body});
    chain.add(body);
    at.push_back(chain.at());
  }
  std::string message;
  append_digest(message, {at.back(), false});
  message += entries;
  BrokerWorld world(settings, storage, {7});
  // It put all of them under a session before, of a broker that had room.
  auto hello = comes_back(1, 1);
  auto client = world.client(1, hello);
  const auto send = [&] {
    return world.dispatcher.put(world.session(client), {1}, 6, message, world.now);
  };
  REQUIRE(send() == Refusal::none);
  world.settle();
  const auto in = client.confirm().producer.put_received.value;
  REQUIRE(in > 0);
  REQUIRE(in < 5);
  auto eater = world.consumer(2);
  eater.request(2);
  for (const auto& body : eater.received()) eater.ack(body);
  client.vanish();
  world.advance(1s, {&eater});
  CHECK(welcome_of(world, comes(world, 3)).digests.back() == at[in - 1]);
}

TEST_CASE(
    "what a process puts in the turn in which the next one of its name fences it is kept, and the "
    "next one goes on") {
  DurableMemory storage;
  BrokerWorld world(durable_settings(), storage, {7});
  auto first = comes(world, 1);
  std::string entries;
  append_item(entries, {default_priority, 0, "a"});
  REQUIRE(world.dispatcher.put(world.session(first), {1}, 1, entries, world.now) == Refusal::none);
  auto second = comes(world, 2);  // in the same turn
  CHECK(first.refusals() == std::vector<std::string>{"fenced"});
  second.put("b");
  CHECK(second.confirm().producer.put_confirmed == SeqNo{2});
}

TEST_CASE("a broker that was started anew takes a process's numbers as they are") {
  BrokerWorld world;
  auto client = world.client(1, comes_back(1, 44));
  client.next_put = SeqNo{44};
  client.put("x", {at(44), false});
  client.vanish();
  const auto next = comes(world, 2);
  CHECK(welcome_of(world, next).put_received == SeqNo{44});
  CHECK(welcome_of(world, next).digests == Digests{at(44)});
}

TEST_CASE("a producer without a name of its user's is never outdated: nobody else has its name") {
  DurableMemory storage;
  const auto hello = [](bool begun) {
    auto one = process_of_load(1);
    one.named = false;
    one.begun = begun;
    return one;
  };
  {
    BrokerWorld world(durable_settings(), storage, {7});
    world.client(1, hello(false)).put("a");
  }
  BrokerWorld world(durable_settings(), storage, {8});
  CHECK(world.core.hello(session_id(2), hello(true), world.now) == Refusal::none);
}

TEST_CASE("checkpoints: the distances behind the last one double, or so") {
  for (const std::uint64_t step : {1, 3, 100, 4096}) {
    Checkpoints checkpoints;
    std::uint64_t items = 0;
    for (int i = 0; i < 50'000; ++i) {
      checkpoints.note({at(items += step), false});
      const auto& all = checkpoints.all();
      REQUIRE(all.size() <= max_checkpoints);
      REQUIRE(all.front().items == step);
      REQUIRE(all.back().items == items);
      for (std::size_t k = 0; k + 2 < all.size(); ++k)
        REQUIRE(items - all[k].items <= 4 * (items - all[k + 1].items));
    }
    CHECK(checkpoints.all().size() >= 10);
    CHECK(checkpoints.all().size() < 20);
  }
}

TEST_CASE("checkpoints: never more than there may be, whatever the distances") {
  Checkpoints checkpoints;
  std::uint64_t items = 0;
  for (int i = 0; i < 60; ++i) checkpoints.note({at(items += 1ull << (59 - i)), false});
  CHECK(checkpoints.all().size() == max_checkpoints);
  CHECK(checkpoints.all().front().items == 1ull << 59);
  CHECK(checkpoints.all().back().items == items);
}

TEST_CASE("checkpoints: as bytes and back, what is none gives none") {
  Checkpoints checkpoints, read;
  SessionId run;
  SeqNo began;
  for (std::uint64_t i = 1; i < 1000; ++i) checkpoints.note({at(i), false});
  const auto bytes = to_bytes(session_id(4), checkpoints, {7});
  CHECK(bytes.size() <= 1024);
  from_bytes(bytes, run, read, began);
  CHECK(began == SeqNo{7});
  CHECK(run == session_id(4));
  CHECK(read.all() == checkpoints.all());
  Checkpoints none;
  from_bytes(bytes.substr(1), run, none, began);
  from_bytes("", run, none, began);
  CHECK(none.all().empty());
}

}  // namespace
}  // namespace baton::internal::broker::test
