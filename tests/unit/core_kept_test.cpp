// The broker's pure core: what a storage has kept from a broker before this one, and who may claim it.
#include "tests/unit/broker_world.hpp"

namespace baton::broker::test {
namespace {

using Bodies = std::vector<std::string>;

constexpr Epoch epoch_before{5};

/// Has kept items of one producer; their bodies are "kept 1", "kept 2", ...
struct KeptStorage final : MemoryStorage {
  void load(Kept& kept, Epoch, Time) override {
    kept.begin(epoch_before, {1000});
    kept.queue(0, "default");
    KeptProducer producer;
    producer.name = "rick";
    producer.received = {3};
    kept.producer(producer);
    for (std::uint64_t id = 1; id <= 3; ++id) {
      KeptItem item;
      item.id = {id};
      item.size = 6;
      item.priority = default_priority;
      const auto body = "kept " + std::to_string(id);
      put({{id}, "default", "rick", {id}, default_priority}, body);
      kept.item(item);
    }
  }
};

struct KeptWorld : BrokerWorld {
  explicit KeptWorld(Settings settings = {})
      : BrokerWorld(keeping(std::move(settings)), std::make_unique<KeptStorage>()) {}
  static Settings keeping(Settings settings) {
    settings.keeps = true;
    return settings;
  }

  /// A consumer that held these of the broker before.
  Client holder(std::uint8_t n, std::vector<ItemRun> held) {
    Hello hello;
    hello.role = Role::consumer;
    hello.queues = {"default"};
    hello.previous = Previous{epoch_before, session_id(99)};
    hello.reclaim = std::move(held);
    return client(n, hello);
  }
};

TEST_CASE("kept items are handed off in order when the time for claims is over, not before") {
  KeptWorld world;
  auto morty = world.consumer(1);
  morty.ask(3);
  world.advance(claims_within - 1ms, {&morty});
  CHECK(morty.received() == Bodies{});
  world.advance(1ms, {&morty});
  CHECK(morty.received() == Bodies{"kept 1", "kept 2", "kept 3"});
}

TEST_CASE("who held a kept item goes on with it, and nobody else gets it") {
  KeptWorld world;
  auto morty = world.consumer(1), summer = world.holder(2, {{{2}, 1}});
  morty.ask(3);
  world.advance(claims_within, {&morty, &summer});
  CHECK(morty.received() == Bodies{"kept 1", "kept 3"});
}

TEST_CASE("an ask that is withdrawn while claims are waited for gets nothing") {
  KeptWorld world;
  auto morty = world.consumer(1);
  morty.ask();
  morty.withdraw();
  CHECK(morty.received() == Bodies{"none"});
}

TEST_CASE("the plain door gives nothing out while claims are waited for") {
  Settings settings;
  settings.plain_queue = "default";
  KeptWorld world(settings);
  CHECK_FALSE(world.core.plain_items_wait());
  auto morty = world.consumer(1);
  world.advance(claims_within, {&morty});
  CHECK(world.core.plain_items_wait());
}

TEST_CASE("the claim of an item that nobody kept, or of a newer one, is not heard") {
  KeptWorld world;
  auto rick = world.producer(1, "rick");
  rick.next_put = {4};
  rick.put("new");
  auto summer = world.holder(2, {{{3}, 2}, {{1000}, 1}});
  CHECK(world.session(summer).welcome.kept.size() == 1);
  auto morty = world.consumer(3);
  morty.ask(4);
  world.advance(claims_within, {&morty, &summer, &rick});
  CHECK(morty.received() == Bodies{"kept 1", "kept 2", "new"});
}

}  // namespace
}  // namespace baton::broker::test
