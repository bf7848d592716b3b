// Bodies that come over a link in parts, as a transcript with a broker that is played by hand.
#include "consumer/consumer_session.hpp"
#include "tests/worlds/client_script.hpp"

using namespace baton::internal;
using namespace baton::internal::script;

namespace {

struct LinkScript : Script {
  explicit LinkScript(std::uint32_t prefetch = 0)
      : Script(consumer, Role::consumer), consumer(config_of(Role::consumer), prefetch) {
    start();
    welcome();
    confirm.consumer.link_generation = 1;
    confirm.consumer.link_port = 9000;
    send_confirm();
    consumer.on_link_up(1, now);
    tick();
    requests();
    hello();
  }
  ~LinkScript() { consumer.check_invariants(); }

  /// The entries go in one message.
  void link(SeqNo first, std::uint16_t count, const std::string& entries) {
    std::string frame(header_size, '\0');
    write_header(frame.data(), {MessageType::deliveries, count, broker_instance, session, first});
    consumer.on_link(1, frame + entries, now);
    tick();
  }
  static std::string delivery(std::uint64_t id, const std::string& first, std::uint32_t whole) {
    std::string entry;
    append_delivery(entry, {{id}, 0, 3, 5, first, whole});
    return entry;
  }
  static std::string part(const std::string& bytes) {
    std::string entry;
    append_block(entry, EntryKind::part, bytes);
    return entry;
  }
  /// The body of the item taken, or "nothing".
  std::string take() {
    Delivery delivery;
    std::string body;
    if (!consumer.take(delivery, body, now)) return "nothing";
    CHECK(delivery.priority == 5);
    CHECK(delivery.attempt == 3);
    CHECK(delivery.whole == 0);
    CHECK(delivery.body == body);
    return body;
  }

  ConsumerSession consumer;
};

}  // namespace

TEST_CASE("delivery link: an item in parts is there when its last part is") {
  LinkScript script(1);
  script.link({1}, 1, script.delivery(11, "abc", 8));
  CHECK(script.take() == "nothing");
  script.link({2}, 1, script.part("de"));
  CHECK(script.take() == "nothing");
  script.link({3}, 2, script.part("fgh") + script.delivery(12, "whole", 0));
  CHECK(script.take() == "abcdefgh");
  CHECK(script.take() == "whole");
  CHECK(script.take() == "nothing");
}

TEST_CASE(
    "delivery link: between the parts of an item requests may be answered by none, and no more is "
    "asked for it") {
  LinkScript script(1);
  script.consumer.want();
  script.tick();
  script.control();
  script.link({1}, 1, script.delivery(11, "abc", 6));
  script.consumer.unwant();
  script.tick();
  const auto said = script.control();
  REQUIRE(said.size() == 1);
  CHECK(said[0].kind == EntryKind::cancel_requests);
  script.none(1, {2});
  script.link({3}, 1, script.part("def"));
  CHECK(script.take() == "abcdef");
}

TEST_CASE(
    "delivery link: an item that the broker took back on the way is dropped when the next one "
    "comes") {
  LinkScript script(2);
  script.link({1}, 1, script.delivery(11, "abc", 8));
  script.link({2}, 1, script.delivery(12, "x", 3));
  script.link({3}, 1, script.part("yz"));
  CHECK(script.take() == "xyz");
  CHECK(script.take() == "nothing");
}

TEST_CASE("delivery link: more bytes than an item has are a loss of the delivery link") {
  LinkScript script(1);
  script.control();
  script.link({1}, 1, script.delivery(11, "abc", 5));
  script.link({2}, 1, script.part("defg"));
  CHECK(script.requests().back().kind == SocketRequest::Kind::close_link);
  CHECK(script.take() == "nothing");
}

TEST_CASE("delivery link: who ends gives back what is on its way, and takes no more of it") {
  LinkScript script(1);
  script.control();
  script.link({1}, 1, script.delivery(11, "abc", 8));
  script.consumer.drain();
  script.tick();
  const auto said = script.control();
  REQUIRE(said.size() == 1);
  CHECK(said[0].kind == EntryKind::release);
  CHECK(ids_in(said[0]) == std::vector<std::uint64_t>{11});
  script.link({2}, 1, script.part("defgh"));
  CHECK(script.control().empty());
}

TEST_CASE(
    "delivery link: an item that was on its way when the delivery link broke is wanted again") {
  LinkScript script(1);
  script.control();
  script.link({1}, 1, script.delivery(11, "abc", 8));
  script.consumer.on_link_down(1, script.now);
  script.tick();
  const auto said = script.control();
  REQUIRE(said.size() == 1);
  CHECK(read_link_lost({said[0].kind, 0, 0, said[0].payload}) == LinkLost{1, {1}, 1});
}

TEST_CASE("delivery link: it is told soon that bytes have come, so that more may follow") {
  LinkScript script(1);
  script.advance(heartbeat_interval);
  script.heartbeat();
  script.link({1}, 1, script.delivery(11, std::string(part_bytes, 'a'), 1u << 20));
  script.advance(20ms);
  auto heartbeat = script.heartbeat();
  REQUIRE(heartbeat);
  CHECK(heartbeat->link_received == SeqNo{1});
  script.link({2}, 4, [&] {
    std::string entries;
    for (int i = 0; i < 4; ++i) entries += script.part(std::string(part_bytes, 'a'));
    return entries;
  }());
  heartbeat = script.heartbeat();  // at once
  REQUIRE(heartbeat);
  CHECK(heartbeat->link_received == SeqNo{5});
}

TEST_CASE(
    "delivery link: a slow one is not lost while something comes, and is when for 3 s nothing "
    "does") {
  LinkScript script(1);
  script.control();
  script.confirm.consumer.link_sent = {100};
  script.link({1}, 1, script.delivery(11, "a", 1000));
  for (std::uint64_t number = 2; number < 12; ++number) {
    script.live(2500ms);
    script.link({number}, 1, script.part("b"));
  }
  CHECK(script.requests().empty());
  script.live(session_timeout + 1100ms);
  REQUIRE_FALSE(script.requests().empty());
  CHECK(script.consumer.owes() == false);
}

TEST_CASE(
    "delivery link: after one on which nothing came the next one has twice the time until an item "
    "is whole") {
  DeliveryLink link;
  Time now{};
  std::uint32_t generation = 0;
  const auto lives = [&] {
    link.offered(++generation, 9000, now);
    link.connected();
    const auto begun = now;
    while (!link.missing({5}, now)) now += 100ms;
    link.lose(1);
    return now - begun;
  };
  CHECK(lives() == session_timeout);
  CHECK(lives() == 2 * session_timeout);
  CHECK(lives() == 4 * session_timeout);
  CHECK(lives() == 4 * session_timeout);
  link.begin({1});
  CHECK(lives() == session_timeout);
}
