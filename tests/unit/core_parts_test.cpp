// Large bodies cross a link in parts, and no more bytes are under way than the windows allow.
#include "tests/worlds/broker_world.hpp"

namespace baton::internal::broker::test {
namespace {

constexpr std::size_t large = 5 * part_bytes / 2;

CoreSettings small_windows() {
  CoreSettings settings;
  settings.link_window = 2 * part_bytes;
  settings.links_window = 4 * part_bytes;
  settings.turn_bytes = 2 * part_bytes;
  return settings;
}

/// What a consumer makes of what its link brought: whole bodies; and how far it is.
struct Receiver {
  Client client;
  std::string body = {};
  std::size_t whole = 0, bytes = 0;
  std::size_t largest = 0;  // bytes of a part, of what was taken last
  SeqNo received = {};
  ItemId id = {};

  std::vector<std::string> take() {
    std::vector<std::string> bodies;
    largest = 0;
    for (const auto& message : std::exchange(client.world.link_messages[client.id], {})) {
      CHECK(check_entries(MessageType::deliveries,
                          std::string_view(message.bytes).substr(header_size),
                          message.count) == Refusal::none);
      CHECK(message.first == received + 1);
      received = received + message.count;
      bytes += message.bytes.size();
      EntryReader in(std::string_view(message.bytes).substr(header_size));
      for (Entry entry; in.next(entry);) {
        if (entry.kind == EntryKind::part) {
          body += entry.payload;
          largest = std::max(largest, entry.payload.size());
        } else if (entry.kind == EntryKind::delivery) {
          const auto delivery = read_delivery(entry);
          id = delivery.id;
          body = delivery.body;
          whole = delivery.whole > 0 ? delivery.whole : body.size();
          client.got[body.substr(0, 1)] = id;
        }
        if (body.size() == whole) bodies.push_back(body);
      }
    }
    return bodies;
  }
  void tell() {
    Heartbeat heartbeat;
    heartbeat.link_generation = 1;
    heartbeat.link_received = received;
    client.world.core.heartbeat(client.world.session(client), heartbeat, client.world.now);
    client.world.settle();
  }
};

}  // namespace

TEST_CASE("a body of up to part_bytes goes whole, a larger one in parts") {
  BrokerWorld world;
  auto producer = world.producer(1);
  Receiver receiver{world.consumer(2)};
  const std::string body(large, 'a'), small(part_bytes, 'b');
  producer.put(body);
  producer.put(small);
  receiver.client.request(2);
  CHECK(receiver.take() == std::vector{body, small});
  CHECK(receiver.received == SeqNo{large / small_part_bytes + 1});
}

TEST_CASE("a delivery link has no more under way than its window, and goes on with what arrives") {
  BrokerWorld world(small_windows());
  auto producer = world.producer(1);
  Receiver receiver{world.consumer(2)};
  const std::string body(5 * part_bytes, 'a');
  producer.put(body);
  receiver.client.request();
  CHECK(receiver.take().empty());
  CHECK(receiver.bytes <= 3 * part_bytes);
  std::vector<std::string> got;
  for (int i = 0; i < 6 && got.empty(); ++i) {
    const auto before = receiver.bytes;
    receiver.tell();
    got = receiver.take();
    CHECK(receiver.bytes > before);
    CHECK(receiver.bytes - before <= 3 * part_bytes);
  }
  CHECK(got == std::vector{body});
}

TEST_CASE(
    "a consumer without room on its delivery link leaves items to others, and gets the next when "
    "he has told what arrived") {
  BrokerWorld world(small_windows());
  auto producer = world.producer(1);
  Receiver first{world.consumer(2)}, second{world.consumer(3)};
  for (const char c : {'a', 'b'}) producer.put(std::string(large, c));
  first.client.request(2);
  CHECK(first.take().empty());
  second.client.request(1);
  second.take();
  CHECK(second.client.got.contains("b"));
  for (const char c : {'c', 'd'}) producer.put(std::string(10, c));
  CHECK(first.take().empty());
  std::vector<std::string> got;
  for (int i = 0; i < 3; ++i) {
    first.tell();
    for (auto& body : first.take()) got.push_back(body);
  }
  CHECK(got == std::vector{std::string(large, 'a'), std::string(10, 'c')});
}

TEST_CASE("an ack proves that all before it arrived") {
  BrokerWorld world(small_windows());
  auto producer = world.producer(1);
  Receiver receiver{world.consumer(2)};
  for (const char c : {'a', 'b', 'c'}) producer.put(std::string(part_bytes, c));
  receiver.client.request(3);
  CHECK(receiver.take().size() == 2);
  receiver.client.ack("b");
  CHECK(receiver.take().size() == 1);
}

TEST_CASE("all delivery links together have one window, and each has something") {
  auto settings = small_windows();
  BrokerWorld world(settings);
  auto producer = world.producer(1);
  for (int i = 0; i < 20; ++i) producer.put(std::string(large, 'a'));
  std::vector<Receiver> receivers;
  for (std::uint8_t i = 0; i < 20; ++i) {
    receivers.push_back({world.consumer(static_cast<std::uint8_t>(10 + i))});
    receivers.back().client.request();
  }
  std::size_t bytes = 0;
  for (auto& receiver : receivers) {
    receiver.take();
    CHECK(receiver.bytes > 0);
    bytes += receiver.bytes;
  }
  CHECK(bytes <= settings.links_window + 20 * (part_bytes / 2));
  for (int turn = 0; turn < 40; ++turn)
    for (auto& receiver : receivers) {
      receiver.tell();
      receiver.take();
    }
  for (auto& receiver : receivers) CHECK(receiver.body == std::string(large, 'a'));
}

TEST_CASE("a turn hands over so many bytes, and the next one follows at once") {
  auto settings = small_windows();
  settings.link_window = settings.links_window = 1u << 30;
  BrokerWorld world(settings);
  auto producer = world.producer(1);
  auto consumer = world.consumer(2);
  producer.put(std::string(20 * part_bytes, 'a'));
  for (int i = 0; i < 20; ++i) producer.put(std::string(part_bytes / 2, 'b'));
  std::string bytes;
  append_request(bytes, {21});
  REQUIRE(world.dispatcher.control(world.session(consumer), {1}, 1, bytes, world.now) ==
          Refusal::none);
  std::size_t turns = 0, all = 0;
  do {
    world.core.end_turn(world.now, true);
    std::size_t encoded = 0;
    for (const auto& message : world.effects.link_messages) encoded += message.bytes.size();
    CHECK(encoded <= 2 * settings.turn_bytes + 2 * part_bytes);
    all += encoded;
    world.effects.clear();
    ++turns;
  } while (world.core.next_deadline() <= world.now && turns < 100);
  CHECK(turns > 5);
  CHECK(all > 30 * part_bytes);
}

TEST_CASE("parts are larger on a delivery link that is fast for as long as it is") {
  BrokerWorld world;
  auto producer = world.producer(1);
  Receiver receiver{world.consumer(2)};
  for (int i = 0; i < 6; ++i) {
    producer.put(std::string(16u << 20, 'a'));
    receiver.client.request();
  }
  const auto cross = [&](std::size_t bytes, Duration pace) {
    receiver.bytes = 0;
    while (receiver.bytes < bytes) {
      world.now += pace;
      receiver.tell();
      receiver.take();
      REQUIRE(receiver.largest <= large_part_bytes);
    }
    return receiver.largest;
  };
  CHECK(cross(3u << 20, 1ms) == small_part_bytes);
  CHECK(cross(16u << 20, 1ms) == large_part_bytes);
  CHECK(cross(16u << 20, 1s) == part_bytes);
  CHECK(cross(16u << 20, 2s) == small_part_bytes);
}

TEST_CASE("what did not arrive whole when the delivery link broke is taken back and given again") {
  BrokerWorld world(small_windows());
  auto producer = world.producer(1);
  Receiver receiver{world.consumer(2)};
  const std::string body(5 * part_bytes, 'a');
  producer.put(body);
  receiver.client.request();
  receiver.take();
  SUBCASE("not all was sent") {}
  SUBCASE("all was sent, and the last part did not come") {
    while (receiver.body.size() < body.size() - 2 * part_bytes) {
      receiver.tell();
      receiver.take();
    }
    receiver.tell();
    world.link_messages.clear();
  }
  receiver.client.link_lost(1, receiver.received, 1);
  CHECK(world.core.queues().serving().bytes_under_way() <= 3 * part_bytes);
  receiver.received = {};
  receiver.take();
  CHECK(receiver.client.got.contains("a"));
  CHECK(receiver.received > SeqNo{0});
  Heartbeat heartbeat;
  heartbeat.link_generation = 2;
  for (int i = 0; i < 10 && receiver.body.size() < body.size(); ++i) {
    heartbeat.link_received = receiver.received;
    world.core.heartbeat(world.session(receiver.client), heartbeat, world.now);
    world.settle();
    receiver.take();
  }
  CHECK(receiver.body == body);
}

TEST_CASE("what arrived whole stays with its consumer when the delivery link breaks") {
  BrokerWorld world;
  auto producer = world.producer(1);
  Receiver receiver{world.consumer(2)};
  producer.put(std::string(large, 'a'));
  receiver.client.request();
  CHECK(receiver.take().size() == 1);
  receiver.client.link_lost(1, receiver.received, 1);
  receiver.received = {};
  CHECK(receiver.take().empty());
  receiver.client.ack("a");
  CHECK(receiver.client.refusals().empty());
}

TEST_CASE("a body that its consumer gives back on the way is sent no further") {
  BrokerWorld world(small_windows());
  auto producer = world.producer(1);
  Receiver receiver{world.consumer(2)};
  producer.put(std::string(20 * part_bytes, 'a'));
  receiver.client.request();
  receiver.take();
  receiver.client.release("a");
  const auto before = receiver.bytes;
  receiver.tell();
  receiver.take();
  CHECK(receiver.bytes == before);
  CHECK(world.core.queues().serving().bytes_under_way() == 0);
}

TEST_CASE("a suspect does not follow what is given back on the way before that is out of the way") {
  BrokerWorld world(small_windows());
  auto producer = world.producer(1);
  auto dying = world.consumer(3);
  producer.put(std::string(5 * part_bytes, 's'));
  dying.request();
  Receiver receiver{world.consumer(2)};
  producer.put(std::string(20 * part_bytes, 'a'));
  receiver.client.request(2);
  receiver.take();
  dying.vanish();
  world.advance(reconnect_grace + 10ms, {&producer, &receiver.client});
  receiver.client.release("a");
  for (int i = 0; i < 10 && receiver.body.size() < receiver.whole; ++i) {
    receiver.tell();
    receiver.take();
  }
  CHECK(receiver.body == std::string(5 * part_bytes, 's'));
  receiver.client.ack("s");
  receiver.client.request();
  receiver.take();
  CHECK(receiver.body.starts_with("a"));
}

TEST_CASE("a consumer that leaves or is lost has nothing under way") {
  BrokerWorld world(small_windows());
  auto producer = world.producer(1);
  Receiver receiver{world.consumer(2)};
  producer.put(std::string(20 * part_bytes, 'a'));
  receiver.client.request(2);
  CHECK(world.core.queues().serving().bytes_under_way() > 0);
  SUBCASE("it leaves") { receiver.client.close(); }
  SUBCASE("it is lost") {
    receiver.client.vanish();
    world.advance(reconnect_grace + 10ms, {&producer});
  }
  CHECK(world.core.queues().serving().bytes_under_way() == 0);
  Receiver next{world.consumer(3)};
  next.client.request();
  next.take();
  CHECK(next.client.got.contains("a"));
}

}  // namespace baton::internal::broker::test
