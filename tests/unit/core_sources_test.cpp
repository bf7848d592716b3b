// The broker's pure core: a named producer that is stopped and run again goes on with its source.
#include "tests/unit/broker_world.hpp"

namespace baton::broker::test {
namespace {

/// Processes of one name, one after the other.
struct Name {
  BrokerWorld world;
  std::uint8_t processes = 0;

  /// A process comes; what it puts goes on where its welcome says.
  Client comes(const std::string& source, bool again = false) {
    auto hello = producer_of(source);
    hello.again = again;
    auto client = world.client(++processes, hello);
    client.next_put = world.session(client).welcome.put_received + 1;
    return client;
  }
  Refusal refused(const std::string& source) {
    const auto id = session_id(++processes);
    world.core.subscribed(id, world.now);
    return world.core.hello(id, producer_of(source), world.now);
  }
  std::uint64_t put_before(const Client& client) { return world.session(client).welcome.put_before; }

  void put(Client& client, int items) {
    for (int i = 0; i < items; ++i) client.put("item");
  }
  void leave(Client& client, bool all_put) { client.bye({client.next_put.value - 1}, all_put); }
};

TEST_CASE("a named producer that was killed goes on with the same source") {
  Name name;
  auto first = name.comes("file a");
  CHECK(name.put_before(first) == 0);
  name.put(first, 3);
  first.vanish();
  auto second = name.comes("file a");
  CHECK(name.put_before(second) == 3);
  name.put(second, 2);
  second.vanish();
  CHECK(name.put_before(name.comes("file a")) == 5);
}

TEST_CASE("a second process of the name while the first one lives goes on, and the first one is fenced") {
  Name name;
  auto first = name.comes("file a");
  name.put(first, 3);
  auto second = name.comes("file a");
  CHECK(name.put_before(second) == 3);
  CHECK(first.refusals() == std::vector<std::string>{"fenced"});
}

TEST_CASE("a source that was put whole is not put again unless its user says so") {
  Name name;
  auto first = name.comes("file a");
  name.put(first, 3);
  name.leave(first, true);
  auto second = name.comes("file a");
  CHECK(name.put_before(second) == 3);
  name.leave(second, true);
  auto again = name.comes("file a", true);
  CHECK(name.put_before(again) == 0);
  name.put(again, 1);
  again.vanish();
  CHECK(name.put_before(name.comes("file a")) == 1);
}

TEST_CASE("after a source that was put whole the next one begins anew") {
  Name name;
  auto first = name.comes("file a");
  name.put(first, 3);
  name.leave(first, true);
  auto second = name.comes("file b");
  CHECK(name.put_before(second) == 0);
  name.put(second, 2);
  second.vanish();
  CHECK(name.put_before(name.comes("file b")) == 2);
}

TEST_CASE("another source is refused while one is half put") {
  Name name;
  auto first = name.comes("file a");
  name.put(first, 3);
  name.leave(first, false);
  CHECK(name.refused("file b") == Refusal::unfinished);
  CHECK(name.refused("") == Refusal::unfinished);
  CHECK(name.put_before(name.comes("file b", true)) == 0);
}

TEST_CASE("of a source nothing was put, so another one may begin") {
  Name name;
  auto first = name.comes("file a");
  name.leave(first, false);
  CHECK(name.put_before(name.comes("file b")) == 0);
}

TEST_CASE("a source without a name goes on until it was put whole") {
  Name name;
  auto first = name.comes("");
  name.put(first, 3);
  first.vanish();
  auto second = name.comes("");
  CHECK(name.put_before(second) == 3);
  name.leave(second, true);
  CHECK(name.put_before(name.comes("")) == 0);
}

TEST_CASE("a session after an old one of the same process keeps its source, whatever broker it finds") {
  Name name;
  auto hello = producer_of("file a");
  hello.previous = Previous{Epoch{3}, session_id(99)};
  hello.first_put = Number{44};
  hello.source_begin = Number{40};
  auto client = name.world.client(++name.processes, hello);
  client.next_put = Number{44};
  name.put(client, 1);
  CHECK(name.put_before(name.comes("file a")) == 4);
}

}  // namespace
}  // namespace baton::broker::test
