// What every storage promises to the core: memory, the disk, and those that only tests use.
#include "tests/unit/storages.hpp"

namespace baton::internal::broker::test {
namespace {

using Bodies = std::vector<std::string>;

/// Of what was there when the process began.
Bodies bodies(Place& place) {
  Bodies all;
  for (const auto& item : place.loaded.items) all.emplace_back(place.storage().body(item.id));
  return all;
}

TEST_CASE("every storage: a body is what was put, whole and in parts, until it is erased") {
  for (const auto& place : all_places()) {
    CAPTURE(place->name());
    auto& storage = place->storage();
    const Bodies put{"a", "", std::string(100'000, 'b'), "c"};
    for (std::uint64_t i = 0; i < put.size(); ++i) place->put(place->id(i + 1), put[i]);
    for (const bool kept : {false, true}) {
      if (kept) place->keep();
      for (std::uint64_t i = 0; i < put.size(); ++i)
        CHECK(storage.body(place->id(i + 1)) == put[i]);
      std::string whole;
      std::uint32_t check = 0;
      for (std::uint64_t at = 0; at < put[2].size(); at += 30'000)
        whole += storage.part(place->id(3), at, std::min<std::size_t>(30'000, put[2].size() - at),
                              check);
      CHECK(whole == put[2]);
    }
    storage.erase(place->id(1));
    storage.erase(place->id(3));
    CHECK(storage.body(place->id(2)) == put[1]);
    CHECK(storage.body(place->id(4)) == put[3]);
  }
}

TEST_CASE("every storage: tickets do not fall, and all becomes durable") {
  for (const auto& place : all_places()) {
    CAPTURE(place->name());
    Ticket last = 0;
    for (std::uint64_t n = 1; n <= 20; ++n) {
      place->put(place->id(n), "x");
      const auto ticket = place->storage().commit();
      CHECK(ticket >= last);
      last = ticket;
    }
    place->keep();
    CHECK(place->storage().durable().puts >= last);
    CHECK(place->storage().durable().settles >= last);
    CHECK(place->storage().durable().held.empty());
    CHECK(place->storage().failure() == nullptr);
  }
}

TEST_CASE("every storage: an item's history is what was said of it last") {
  for (const auto& place : all_places()) {
    CAPTURE(place->name());
    auto& storage = place->storage();
    const auto id = place->id(1);
    place->put(id, "x");
    const auto why = [&] {
      const auto history = storage.history(id);
      return history.empty() ? std::string("nothing") : history.back().why;
    };
    CHECK(why() == "nothing");
    place->fail(id, 1, {{"host/1", "first", {}}});
    CHECK(why() == "first");
    storage.commit();
    CHECK(why() == "first");
    place->fail(id, 2, {{"host/1", "first", {}}, {"host/1", "second", {}}});
    storage.commit();  // waits for the one before
    CHECK(why() == "second");
    place->keep();
    CHECK(why() == "second");
    storage.erase(id);
    CHECK(why() == "nothing");
  }
}

TEST_CASE("a storage that lasts: what was durable comes back, in order") {
  for (const auto& place : places_that_last()) {
    CAPTURE(place->name());
    CHECK(place->loaded.items.empty());
    CHECK(place->loaded.broker_instance == BrokerInstance{});
    CHECK(place->loaded.first == ItemId{1});
    place->put(ItemId{1}, "a");
    place->put(ItemId{2}, std::string(1 << 20, 'b'));
    place->put(ItemId{3}, "");
    place->keep();
    place->restart();
    CHECK(bodies(*place) == Bodies{"a", std::string(1 << 20, 'b'), ""});
    CHECK(place->loaded.broker_instance == BrokerInstance{7});
    CHECK(place->loaded.queues == std::map<std::uint32_t, std::string>{{0, "mail"}});
    CHECK(place->loaded.items[1].size == 1 << 20);
    CHECK(place->loaded.items[1].priority == 4);
    CHECK(place->loaded.items[1].number == SeqNo{2});
  }
}

TEST_CASE("a storage that lasts: a process that writes nothing leaves its broker instance") {
  for (const auto& place : places_that_last()) {
    CAPTURE(place->name());
    place->put(ItemId{1}, "a");
    place->keep();
    place->restart();
    place->restart();
    CHECK(place->loaded.broker_instance == BrokerInstance{8});
  }
}

TEST_CASE("a storage that lasts: ids go on far above all that may have been given") {
  for (const auto& place : places_that_last()) {
    CAPTURE(place->name());
    place->put(ItemId{1}, "a");
    place->keep();
    auto last = ItemId{1};
    for (int process = 0; process < 3; ++process) {
      place->restart();
      CHECK(place->loaded.first.value - last.value >= 1ull << 32);
      last = place->loaded.first;
    }
    place->put(place->loaded.first, "b");
    place->keep();
    CHECK(place->storage().body(place->loaded.first) == "b");
  }
}

TEST_CASE("a storage that lasts: what was settled does not come back, whenever it was") {
  for (const auto& place : places_that_last()) {
    CAPTURE(place->name());
    for (std::uint64_t id = 1; id <= 5; ++id) place->put(ItemId{id}, std::to_string(id));
    place->fail(ItemId{2}, 1, {});
    place->storage().erase(ItemId{2});  // before it was ever written
    place->keep();
    place->storage().erase(ItemId{3});
    place->keep();
    place->storage().erase(ItemId{5});
    place->storage().commit();  // in the last turn before the end
    place->restart();
    CHECK(bodies(*place) == Bodies{"1", "4"});
    place->storage().erase(ItemId{1});  // in another process
    place->keep();
    place->restart();
    CHECK(bodies(*place) == Bodies{"4"});
  }
}

TEST_CASE("a storage that lasts: failures and their history come back with their item") {
  const auto now = std::chrono::steady_clock::now();
  for (const auto& place : places_that_last()) {
    CAPTURE(place->name());
    for (std::uint64_t id = 1; id <= 3; ++id) place->put(ItemId{id}, "x");
    place->fail(ItemId{1}, 2, {{"host/1", "no such mailbox", now - 5s}, {"host/2", "hot", now}});
    place->fail(ItemId{2}, 3, {{"host/1", "poison", now}}, true);
    place->keep();
    StoredItem suspect;
    suspect.id = ItemId{3};
    suspect.suspect = true;
    suspect.deliveries = 17;
    place->storage().update(suspect, {});
    place->keep();
    place->restart();
    REQUIRE(place->loaded.items.size() == 3);
    CHECK(place->loaded.items[0].failures == 2);
    CHECK_FALSE(place->loaded.items[0].dead);
    const auto history = place->storage().history(ItemId{1});
    REQUIRE(history.size() == 2);
    CHECK(history[0].why == "no such mailbox");
    CHECK(history[1].consumer == "host/2");
    CHECK(history[1].at - history[0].at >= 4990ms);
    CHECK(place->loaded.items[1].dead);
    CHECK(place->loaded.items[2].suspect);
    CHECK(place->loaded.items[2].deliveries == 17);
    CHECK(place->storage().history(ItemId{3}).empty());
  }
}

TEST_CASE("a storage that lasts: producers come back with their numbers until they are forgotten") {
  for (const auto& place : places_that_last()) {
    CAPTURE(place->name());
    auto& storage = place->storage();
    storage.save({0, "rick", true, false, SeqNo{41}, 7, 2, "before"});
    storage.save({1, "morty", false, true, SeqNo{5}, 5, 0});
    place->keep();
    storage.forget_producer(1);
    storage.save({0, "rick", true, false, SeqNo{42}, 8, 2, "behind"});
    place->keep();
    place->restart();
    REQUIRE(place->loaded.names == Bodies{"rick"});
    const auto& rick = place->loaded.producers["rick"];
    CHECK(rick.named);
    CHECK(rick.received == SeqNo{42});
    CHECK(rick.done == 8);
    CHECK(rick.dead == 2);
    CHECK(place->loaded.digests["rick"] == "behind");
  }
}

TEST_CASE("a storage that lasts: the index of a queue that is forgotten is free for another one") {
  for (const auto& place : places_that_last()) {
    CAPTURE(place->name());
    place->put(ItemId{1}, "a", 0);
    place->put(ItemId{2}, "b", 1);
    place->keep();
    place->storage().erase(ItemId{2});
    place->keep();
    place->storage().forget_queue(1);
    place->keep();
    place->restart();
    CHECK(place->loaded.queues == std::map<std::uint32_t, std::string>{{0, "mail"}});
    place->storage().erase(ItemId{1});
    place->storage().forget_queue(0);
    StoredItem item;
    item.id = place->id(1);
    place->storage().put(item, {"parcels", "rick"}, "c");
    place->keep();
    place->restart();
    CHECK(place->loaded.queues == std::map<std::uint32_t, std::string>{{0, "parcels"}});
  }
}

TEST_CASE("a storage that lasts: a delay goes on over the end of the process") {
  for (const auto& place : places_that_last()) {
    CAPTURE(place->name());
    for (const std::uint32_t delay_ms : {60'000, 0}) {
      StoredItem item;
      item.id = ItemId{delay_ms > 0 ? 1u : 2u};
      item.delay_ms = delay_ms;
      place->storage().put(item, {"mail", "rick"}, "x");
    }
    place->keep();
    place->restart();
    REQUIRE(place->loaded.items.size() == 2);
    CHECK(place->loaded.items[0].delay_ms > 30'000);
    CHECK(place->loaded.items[0].delay_ms <= 60'000);
    CHECK(place->loaded.items[1].delay_ms == 0);
  }
}

}  // namespace
}  // namespace baton::internal::broker::test
