// The broker's pure core: who is alive, and what becomes of those who are not; credit; join.
#include <algorithm>

#include "tests/worlds/broker_world.hpp"

namespace baton::internal::broker::test {
namespace {

TEST_CASE("a session stands when hello and subscription are here, in either order") {
  BrokerWorld world;
  Hello hello;
  hello.role = Role::printer;
  world.core.hello(session_id(1), hello, world.now);
  world.settle();
  CHECK_FALSE(world.core.find(session_id(1)));
  world.core.subscribed(session_id(1), world.now);
  CHECK(world.core.find(session_id(1)));
  world.core.subscribed(session_id(2), world.now);
  world.core.hello(session_id(2), hello, world.now);
  CHECK(world.core.find(session_id(2)));
}

TEST_CASE("strangers' topics are bounded, and keep no client out") {
  CoreSettings settings;
  settings.max_sessions = 2;
  BrokerWorld world(settings);
  std::uint8_t noted = 0;
  for (std::uint8_t n = 100; n < 200; ++n) noted += world.core.subscribed(session_id(n), world.now);
  CHECK(noted < 30);
  Hello hello;
  hello.role = Role::printer;
  CHECK(world.core.hello(session_id(1), hello, world.now) == Refusal::none);
  CHECK(world.core.subscribed(session_id(1), world.now));
  CHECK(world.core.find(session_id(1)));
}

TEST_CASE("a producer is told with each heartbeat how many consumers may take items of its queue") {
  BrokerWorld world;
  auto rick = world.producer(1), other = world.producer(2);
  world.advance(heartbeat_interval, {&rick, &other});
  CHECK(rick.confirm().producer.consumers == 0);
  auto morty = world.consumer(3), summer = world.consumer(4, {"mail", "default"}),
       jerry = world.consumer(5, {"mail"});
  world.advance(heartbeat_interval, {&rick, &other, &morty, &summer, &jerry});
  CHECK(rick.confirm().producer.consumers == 2);
  morty.close();
  world.advance(heartbeat_interval, {&rick, &other, &summer, &jerry});
  CHECK(rick.confirm().producer.consumers == 1);
  summer.vanish();
  world.advance(heartbeat_interval, {&rick, &other, &jerry});
  CHECK(rick.confirm().producer.consumers == 0);
}

TEST_CASE("a killed consumer's items go to another one after the reconnect grace, not before") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2), summer = world.consumer(3);
  rick.put("a");
  morty.request();
  summer.request();
  CHECK(morty.received() == Bodies{"a"});
  morty.vanish();
  world.advance(reconnect_grace - 1ms, {&rick, &summer});
  CHECK(summer.received() == Bodies{});
  world.advance(1ms, {&rick, &summer});
  CHECK(summer.attempts() == std::vector{2});
}

TEST_CASE("a consumer whose connection is back within the reconnect grace keeps what it holds") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2), summer = world.consumer(3);
  rick.put("a");
  morty.request();
  summer.request();
  morty.received();
  morty.vanish();
  world.advance(reconnect_grace - 1ms, {&rick, &summer});
  world.core.subscribed(morty.id, world.now);
  world.advance(10s, {&rick, &summer, &morty});
  CHECK(summer.received() == Bodies{});
  morty.ack("a");
  CHECK(world.core.queues().all_settled());
}

TEST_CASE("a silent consumer is lost after session_timeout") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2), summer = world.consumer(3);
  rick.put("a");
  morty.request();
  summer.request();
  world.advance(session_timeout - 1ms, {&rick, &summer});
  CHECK(summer.received() == Bodies{});
  world.advance(1ms, {&rick, &summer});
  CHECK(summer.received() == Bodies{"a"});
  CHECK_FALSE(world.core.find(morty.id));
}

TEST_CASE("after a pause of the broker's own loop nobody is taken for dead") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  rick.put("a");
  morty.request();
  world.now += 10s;
  world.settle();
  CHECK(world.core.find(morty.id));
  CHECK(world.core.find(rick.id));
  world.advance(session_timeout, {&rick});
  CHECK_FALSE(world.core.find(morty.id));
}

TEST_CASE("a pause of the broker's own loop gives no time to who speaks or leaves right after it") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2), summer = world.consumer(3);
  world.now += 10s;
  summer.heartbeat();
  morty.vanish();
  world.settle();
  world.advance(reconnect_grace, {&rick});
  CHECK_FALSE(world.core.find(morty.id));
  world.advance(session_timeout - reconnect_grace, {&rick});
  CHECK_FALSE(world.core.find(summer.id));
}

TEST_CASE("what follows a close is not heard") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2), summer = world.consumer(3);
  rick.put("a");
  std::string bytes;
  append_close(bytes, {});
  append_request(bytes, {1});
  REQUIRE(world.dispatcher.control(world.session(morty), morty.next_control, 2, bytes, world.now) ==
          Refusal::none);
  world.settle();
  summer.request();
  CHECK(morty.received() == Bodies{});
  CHECK(summer.received() == Bodies{"a"});
}

TEST_CASE("a client that comes back in a new session takes up again what nobody else has") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2), summer = world.consumer(3);
  for (const auto* body : {"a", "b"}) rick.put(body);
  morty.request(2);
  CHECK(morty.received() == Bodies{"a", "b"});
  world.advance(session_timeout, {&rick, &summer});
  summer.request();
  CHECK(summer.attempts() == std::vector{2});  // "a" went elsewhere

  auto back = world.reclaimer(4, world.core.broker_instance(), morty.id, {{morty.got["a"], 2, 1}});
  CHECK(back.lost() == std::vector{morty.got["a"]});
  back.got = morty.got;
  back.ack("b");
  back.ack("a");
  CHECK(back.refusals() == Bodies{"not_held"});
  summer.ack("a");
  CHECK(world.core.queues().all_settled());
}

TEST_CASE(
    "a client that is one too many is told how many are served, and stands when one has left") {
  CoreSettings settings;
  settings.max_sessions = 1;
  BrokerWorld world(settings);
  auto rick = world.producer(1);
  Hello hello;
  hello.role = Role::printer;
  world.core.subscribed(session_id(2), world.now);
  CHECK(world.core.hello(session_id(2), hello, world.now) == Refusal::sessions_full);
  CHECK(world.core.why_full() == "1 at most");
  rick.close();
  CHECK(world.core.hello(session_id(2), hello, world.now) == Refusal::none);
}

TEST_CASE("who holds items comes in though there is no port for its delivery link") {
  BrokerWorld world;
  auto waiting = world.consumer(1);
  world.links_left = false;
  waiting.link_lost(1, {}, 0);
  world.settle();
  Hello hello;
  hello.role = Role::consumer;
  hello.queues = {"default"};
  CHECK(world.core.hello(session_id(2), hello, world.now) == Refusal::sessions_full);
  auto holder = world.announces_reclaims(3, {5}, session_id(9), 1);
  CHECK(holder.refusals() == Bodies{});
  CHECK(world.core.find(holder.id));
}

TEST_CASE(
    "without a port for its delivery link a consumer is refused, and nobody is said to be gone") {
  BrokerWorld world;
  world.links_left = false;
  auto morty = world.consumer(1);
  CHECK(morty.refusals() == Bodies{"sessions_full"});
  CHECK_FALSE(world.core.find(morty.id));
  for (const auto& line : world.lines) CHECK(line.find("is gone") == line.npos);
}

TEST_CASE(
    "a consumer at work whose delivery link cannot be made again keeps its items and its requests "
    "until there is a port") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2), summer = world.consumer(3);
  rick.put("a");
  morty.request();
  CHECK(morty.received() == Bodies{"a"});
  world.links_left = false;
  morty.link_lost(1, SeqNo{1}, 1);
  CHECK(morty.confirm().consumer.link_port == 0);
  world.advance(3s, {&rick, &morty, &summer});
  rick.put("b");
  summer.request();
  CHECK(summer.received() == Bodies{"b"});
  world.links_left = true;
  world.advance(1s, {&rick, &morty, &summer});
  CHECK(morty.confirm().consumer.link_port != 0);
  rick.put("c");
  CHECK(morty.received() == Bodies{"c"});
}

TEST_CASE("a consumer that does not reach its delivery links is logged once, at the second") {
  BrokerWorld world;
  auto morty = world.consumer(2);
  const auto lines = [&] {
    morty.request();  // a turn
    return std::count_if(world.lines.begin(), world.lines.end(), [](const std::string& line) {
      return line.find("does not reach port 6001, where its items come from") != line.npos;
    });
  };
  world.core.link_unreached(session_id(9), 6001);
  world.core.link_unreached(session_id(2), 6000);
  CHECK(lines() == 0);
  world.core.link_unreached(session_id(2), 6001);
  CHECK(lines() == 1);
  world.core.link_unreached(session_id(2), 6001);
  CHECK(lines() == 1);
}

TEST_CASE(
    "nothing is delivered to a consumer that asks while no delivery link can be opened for it") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2), summer = world.consumer(3);
  world.links_left = false;
  morty.link_lost(1, SeqNo{}, 0);
  morty.request();
  rick.put("a");
  CHECK(morty.received() == Bodies{});
  summer.request();
  CHECK(summer.received() == Bodies{"a"});
  rick.put("b");
  CHECK(morty.received() == Bodies{});
  world.links_left = true;
  world.advance(1s, {&rick, &morty, &summer});
  CHECK(morty.received() == Bodies{"b"});
}

TEST_CASE(
    "a client that missed the welcome of its second session takes up its items in the third") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  rick.put("a");
  morty.request();
  CHECK(morty.received() == Bodies{"a"});
  world.advance(session_timeout, {&rick});
  Hello hello;
  hello.role = Role::consumer;
  hello.queues = {"default"};
  hello.previous = Previous{world.core.broker_instance(), morty.id};
  hello.reclaims = 1;
  auto unheard = world.client(3, hello);
  world.advance(session_timeout, {&rick});
  CHECK_FALSE(world.core.find(unheard.id));
  auto back = world.reclaimer(4, world.core.broker_instance(), morty.id,
                              {{morty.got["a"], 1, 1}});  // still names the first one
  CHECK(back.lost().empty());
  CHECK(world.session(back).consumer.held == 1);
  CHECK(world.session(back).welcome.previous_control == SeqNo{1});
}

TEST_CASE("nobody reclaims what they did not lose") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2), thief = world.consumer(3);
  rick.put("a");
  rick.put("b");
  morty.request();
  morty.received();
  world.advance(session_timeout, {&rick});  // both consumers are lost
  auto back = world.reclaimer(4, world.core.broker_instance(), thief.id, {{morty.got["a"], 2, 1}});
  CHECK(back.lost() == std::vector{morty.got["a"], morty.got["a"] + 1});
}

TEST_CASE("more reclaims than were announced, or behind something else, end the session") {
  BrokerWorld world;
  Hello hello;
  hello.role = Role::consumer;
  hello.queues = {"default"};
  hello.previous = Previous{world.core.broker_instance(), session_id(9)};
  hello.reclaims = 2;
  auto morty = world.client(1, hello), summer = world.client(2, hello);
  morty.reclaim({{{5}, 3, 1}});
  CHECK(morty.refusals() == Bodies{"malformed"});
  summer.request();
  summer.reclaim({{{5}, 1, 1}});
  CHECK(summer.refusals() == Bodies{"malformed"});
}

TEST_CASE(
    "a reclaim names the count of deliveries: who lost an item to another one does not get it "
    "back") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2), summer = world.consumer(3);
  rick.put("a");
  morty.request();
  CHECK(morty.received() == Bodies{"a"});
  world.advance(session_timeout, {&rick, &summer});
  summer.request();
  CHECK(summer.deliveries() == std::vector{2});
  summer.release("a");
  auto back = world.reclaimer(4, world.core.broker_instance(), morty.id, {{morty.got["a"], 1, 1}});
  CHECK(back.lost() == std::vector{morty.got["a"]});
}

TEST_CASE(
    "what went out on a delivery link that was lost goes out again under a higher count, what is "
    "given back does not") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  rick.put("a");
  morty.request();
  CHECK(morty.deliveries() == std::vector{1});
  morty.link_lost(1, SeqNo{}, 1);
  CHECK(morty.deliveries() == std::vector{2});
  morty.release("a");
  morty.request();
  CHECK(morty.deliveries() == std::vector{2});
}

TEST_CASE("who is no consumer reclaims nothing, and holds nothing when it ends") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  rick.put("a");
  morty.request();
  morty.received();
  world.advance(session_timeout, {&rick});
  Hello hello;
  hello.name = "thief";
  hello.queues = {"default"};
  hello.previous = Previous{world.core.broker_instance(), morty.id};
  hello.reclaims = 1;
  auto thief = world.client(4, hello);
  thief.reclaim({{morty.got["a"], 1, 1}});
  CHECK(thief.refusals() == Bodies{"wrong_role"});
  world.advance(session_timeout, {&rick});
  auto summer = world.consumer(5);
  summer.request();
  CHECK(summer.received() == Bodies{"a"});
}

TEST_CASE("close ends a session when all it sent is in, asked again, it is answered again") {
  BrokerWorld world;
  auto rick = world.producer(1);
  rick.put("a");
  rick.close(SeqNo{2});
  CHECK_FALSE(rick.confirm().ended);
  rick.put("b");
  CHECK(rick.confirm().ended);
  CHECK_FALSE(world.core.find(rick.id));
  world.core.unknown(rick.id, world.now);
  world.settle();
  CHECK(rick.confirm().ended);
}

TEST_CASE("a session that was lost before all it sent was in has not left: it is not told so") {
  BrokerWorld world;
  auto rick = world.producer(1);
  rick.put("a");
  rick.close(SeqNo{2});
  world.advance(session_timeout);
  CHECK_FALSE(world.core.find(rick.id));
  world.core.unknown(rick.id, world.now);  // its heartbeat
  world.settle();
  CHECK(rick.refusals() == Bodies{"unknown_session"});
  CHECK_FALSE(rick.confirm().ended);
  Hello hello;
  hello.role = Role::producer;
  hello.name = "producer 1";
  hello.queues = {"default"};
  hello.previous = Previous{world.core.broker_instance(), rick.id};
  CHECK(world.session(world.client(2, hello)).welcome.put_received == SeqNo{1});
}

TEST_CASE("a consumer that closes gives back what it holds, no failure counted") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2), summer = world.consumer(3);
  rick.put("a");
  morty.request();
  summer.request();
  morty.close();
  CHECK(summer.attempts() == std::vector{1});
}

TEST_CASE("puts are taken once each, in order, whatever is sent twice or lost") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  morty.request(10);
  rick.put("a");
  rick.next_put = SeqNo{3};
  rick.put("c");  // "b" was lost
  CHECK(rick.confirm().producer.rewind_put);
  rick.next_put = SeqNo{1};
  for (const auto* body : {"a", "b", "c"}) rick.put(body);
  CHECK(morty.received() == Bodies{"a", "b", "c"});
  CHECK(rick.confirm().producer.put_confirmed == SeqNo{3});
}

TEST_CASE(
    "a newer session of the same producer fences the older one, and goes on with its numbers") {
  BrokerWorld world;
  auto rick = world.producer(1, "load-1");
  rick.put("a");
  auto again = world.producer(2, "load-1");
  CHECK(rick.refusals() == Bodies{"fenced"});
  CHECK_FALSE(world.core.find(rick.id));
  CHECK(world.session(again).welcome.put_received == SeqNo{1});
}

TEST_CASE("a lost producer may come back: what was taken is not taken twice") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  morty.request(2);
  rick.put("a");
  morty.received();
  morty.ack("a");
  world.advance(1min, {&morty});
  Hello hello;
  hello.role = Role::producer;
  hello.name = "producer 1";
  hello.queues = {"default"};
  auto back = world.client(3, hello);  // its first unconfirmed number is 1: no confirm ever came
  back.put("a");
  CHECK(morty.received() == Bodies{});
}

TEST_CASE("join: told at once when the last item is settled") {
  BrokerWorld world;
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  rick.put("a");
  rick.join();
  auto confirm = rick.confirm();
  CHECK(confirm.producer.accepted == 1);
  CHECK(confirm.producer.done == 0);
  morty.request();
  morty.received();
  morty.ack("a");
  CHECK(rick.confirm().producer.done == 1);
}

TEST_CASE("a full queue gives no credit, and says why, another queue does") {
  CoreSettings settings;
  settings.max_items = 4;
  BrokerWorld world(settings);
  auto rick = world.producer(1);
  auto beth = world.producer(2, "", "other");
  auto morty = world.consumer(3);
  int put = 0;
  while (rick.confirm().producer.put_credit >= rick.next_put)
    rick.put("item " + std::to_string(++put));
  CHECK(put == 4);
  rick.heartbeat();
  world.advance(heartbeat_interval, {&rick, &beth, &morty});
  CHECK(rick.confirm().producer.put_held == Held::queue_items);
  CHECK(beth.confirm().producer.put_held == Held::nothing);
  morty.request();
  CHECK(morty.received() == Bodies{"item 1"});
  rick.heartbeat();
  world.advance(heartbeat_interval, {&rick, &beth, &morty});
  CHECK(rick.confirm().producer.put_credit == SeqNo{4});  // what is held counts, too
  morty.ack("item 1");
  CHECK(rick.confirm().producer.put_credit == SeqNo{5});
}

TEST_CASE("idle producers do not keep a busy one from a small queue") {
  CoreSettings settings;
  settings.max_items = 8;
  BrokerWorld world(settings);
  std::vector<Client> idle;
  for (std::uint8_t n = 10; n < 30; ++n) idle.push_back(world.producer(n));
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  for (int i = 0; i < 20; ++i) {
    CAPTURE(i);
    REQUIRE(rick.confirm().producer.put_credit >= rick.next_put);
    rick.put("a");
    morty.request();
    REQUIRE(morty.received() == Bodies{"a"});
    morty.ack("a");
  }
}

TEST_CASE("producers that keep a queue full take turns") {
  CoreSettings settings;
  settings.max_items = 10;
  BrokerWorld world(settings);
  auto rick = world.producer(1);
  auto beth = world.producer(2);
  auto morty = world.consumer(3);
  for (int i = 0; i < 100; ++i) {
    for (auto* producer : {&rick, &beth})
      while (world.session(*producer).put.credit >= producer->next_put) producer->put("a");
    morty.request();
    morty.received();
    morty.ack("a");
  }
  CHECK(rick.next_put > SeqNo{50});
  CHECK(beth.next_put > SeqNo{50});
}

TEST_CASE("a full queue by bytes shuts the window, and opens it again") {
  CoreSettings settings;
  settings.max_bytes = 10;
  BrokerWorld world(settings);
  auto rick = world.producer(1);
  auto morty = world.consumer(2);
  rick.put("123456");
  CHECK(rick.confirm().producer.put_window > 0);
  rick.put("123456");
  CHECK(rick.confirm().producer.put_window == 0);
  rick.heartbeat();
  morty.request(1);
  morty.received();
  morty.ack("123456");
  CHECK(rick.confirm().producer.put_window > 0);
}

}  // namespace
}  // namespace baton::internal::broker::test
