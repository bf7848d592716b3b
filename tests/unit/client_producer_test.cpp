// A producer's session, as a transcript with a broker that is played by hand.
#include "producer/retrace.hpp"
#include "tests/worlds/producer_script.hpp"

using namespace baton::internal;
using namespace baton::internal::script;

TEST_CASE("client: hello is said at once, and again until it is answered") {
  ProducerSession producer(config_of(Role::producer));
  Script script(producer, Role::producer);
  script.start();
  const auto requests = script.requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].kind == SocketRequest::Kind::open);
  CHECK(requests[0].topic == session_id(1));
  const auto hello = script.hello();
  REQUIRE(hello);
  CHECK(hello->queues == std::vector<std::string>{"default"});
  CHECK(hello->first_put == SeqNo{1});
  CHECK_FALSE(hello->previous);
  script.advance(hello_again - 1ms);
  CHECK_FALSE(script.hello());
  script.advance(1ms);
  CHECK(script.hello());
  script.welcome();
  script.advance(hello_again);
  CHECK_FALSE(script.hello());
  CHECK(producer.session().established());
}

TEST_CASE("client: without an answer the sockets are made again, and in the end it gives up") {
  ProducerScript script;
  script.run(session_timeout);
  CHECK(script.requests().size() == 1);
  script.run(default_connect_timeout - session_timeout - 1ms);
  CHECK_FALSE(script.producer.session().over());
  script.advance(1ms);
  REQUIRE(script.producer.session().error());
  CHECK(script.producer.session().error()->kind == SessionError::Kind::unreachable);
}

TEST_CASE(
    "client: the time in which its process stood still does not count as looking for a broker") {
  ProducerScript script;
  script.advance(1s);
  script.advance(default_connect_timeout);
  CHECK_FALSE(script.producer.session().over());
  script.run(default_connect_timeout - 1s - 1ms);
  CHECK_FALSE(script.producer.session().over());
  script.advance(1ms);
  CHECK(script.producer.session().error());
}

TEST_CASE("client: a refusal that ends it is an error, one that does not is not") {
  ProducerScript script;
  script.refuse(Refusal::not_held);
  CHECK_FALSE(script.producer.session().over());
  script.refuse(Refusal::fenced);
  REQUIRE(script.producer.session().error());
  CHECK(script.producer.session().error()->refusal == Refusal::fenced);
}

TEST_CASE("producer: puts go out within credit, together") {
  ProducerScript script;
  CHECK_FALSE(script.producer.may_put());
  script.stand(2);
  REQUIRE(script.producer.may_put());
  script.producer.put({default_priority, 0, "a"});
  script.producer.put({default_priority, 0, "b"});
  CHECK_FALSE(script.producer.may_put());
  script.tick();
  CHECK(script.puts() == std::vector<std::string>{"a", "b"});
  script.confirm.producer.put_held = Held::queue_items;
  script.send_confirm();
  CHECK(script.producer.why_wait(script.now) == PutWait{PutWait::Why::credit, Held::queue_items});
  script.confirm.producer.put_credit = {3};
  script.send_confirm();
  script.put("c");
  CHECK(script.puts() == std::vector<std::string>{"c"});
}

TEST_CASE("producer: the window bounds bytes, and lets any one item through") {
  ProducerScript script;
  script.stand();
  script.put(std::string(5000, 'x'));
  CHECK_FALSE(script.producer.may_put());
  CHECK(script.producer.why_wait(script.now).why == PutWait::Why::window);
  script.confirm_puts(1);
  CHECK(script.producer.may_put());
}

TEST_CASE(
    "producer: it knows that nobody asks for its queue when no confirm has named a consumer for 3 "
    "s") {
  ProducerScript script;
  const auto has_no_consumer = [&] { return script.producer.has_no_consumer(script.now); };
  script.stand();
  script.live(2900ms);
  CHECK_FALSE(has_no_consumer());
  script.live(200ms);
  CHECK(has_no_consumer());
  script.confirm.producer.consumers = 1;
  script.send_confirm();
  CHECK_FALSE(has_no_consumer());
  script.confirm.producer.consumers = 0;
  script.send_confirm();
  script.live(2s);
  CHECK_FALSE(has_no_consumer());
  script.live(2s);
  CHECK(has_no_consumer());
  script.new_broker();
  CHECK_FALSE(has_no_consumer());
  script.stand();
  CHECK_FALSE(has_no_consumer());
}

TEST_CASE(
    "producer: what does not arrive is sent again when the broker asks, and never by itself") {
  ProducerScript script;
  script.stand();
  script.put("a");
  script.put("b");
  CHECK(script.puts() == std::vector<std::string>{"a", "b"});
  script.confirm.producer.rewind_put = true;
  script.confirm_puts(1);
  CHECK(script.puts() == std::vector<std::string>{"b"});
  script.confirm.producer.rewind_put = false;
  script.live(10s);
  CHECK(script.puts().empty());
}

TEST_CASE("producer: a mark follows what nothing is heard of, then later and later") {
  ProducerScript script;
  script.stand();
  script.put("a");
  script.live(900ms);
  CHECK(script.marks().empty());
  script.live(20s);
  CHECK(script.marks() == std::vector<SeqNo>(4, SeqNo{2}));  // after 1, 2, 4 and 8 s
  script.confirm_puts(1);
  script.live(20s);
  CHECK(script.marks().empty());
}

TEST_CASE(
    "producer: when all sockets were made again a mark asks at once what of the old ones' came") {
  ProducerScript script;
  script.stand();
  script.put("a");
  script.advance(session_timeout);
  CHECK_FALSE(script.requests().empty());
  CHECK(script.marks().size() >= 1);
  CHECK(script.puts() == std::vector<std::string>{"a"});
}

TEST_CASE(
    "producer: the broker's heartbeat is answered with one, without it the client sends one by "
    "itself") {
  ProducerScript script;
  script.stand();
  script.advance(1s);
  CHECK_FALSE(script.heartbeat());
  script.send_confirm();
  CHECK(script.heartbeat());
  script.advance(1250ms);
  CHECK(script.heartbeat());
}

TEST_CASE(
    "client: after silence all sockets are made again and the session goes on with a heartbeat") {
  ProducerScript script;
  script.stand();
  script.advance(2999ms);
  CHECK(script.requests().empty());
  script.heartbeat();
  script.advance(1ms);
  CHECK(script.requests().size() == 1);
  CHECK(script.heartbeat());
  script.send_confirm();
  CHECK(script.producer.session().established());
}

TEST_CASE("producer: a name that was here before goes on after its last number") {
  ProducerScript script;
  Welcome welcome;
  welcome.put_received = {500};
  welcome.digests = {{200, {}}};
  script.welcome(welcome);
  script.confirm.producer.put_credit = {600};
  script.confirm.producer.put_window = 1000;
  script.confirm.producer.put_received = script.confirm.producer.put_confirmed = {500};
  script.send_confirm();
  CHECK(script.producer.already_put() == welcome.digests);
  script.put("next");
  CHECK(script.puts() == std::vector<std::string>{"next"});
  script.confirm_puts(501);
  CHECK(script.producer.flushed());
}

TEST_CASE(
    "producer: join is told, and holds when all are settled and the dead ones' notices are in") {
  ProducerScript script;
  script.stand();
  script.put("a");
  script.put("b");
  script.producer.join();
  script.producer.join();
  script.tick();
  const auto said = script.control();
  REQUIRE(said.size() == 1);
  CHECK(said[0].kind == EntryKind::join);
  script.confirm.control_received = {1};
  script.confirm_puts(2);
  CHECK_FALSE(script.producer.joined());
  script.confirm.producer.done = 1;
  script.confirm.producer.dead = 1;
  script.confirm.feed_last = {1};
  script.send_confirm();
  CHECK_FALSE(script.producer.joined());
  DeadNotice notice;
  notice.body = "b";
  script.told(MessageType::outcome, {1}, {to_json(notice)});
  CHECK(script.producer.joined());
  REQUIRE(script.producer.settled().notices.size() == 1);
  CHECK(script.producer.settled().notices[0].body == "b");
  const auto heartbeat = script.heartbeat();
  REQUIRE(heartbeat);
  CHECK(heartbeat->feed_position == SeqNo{1});
}

TEST_CASE("producer: of many dead items the last thousand notices are kept") {
  ProducerScript script;
  script.stand();
  for (std::uint64_t i = 1; i <= 1001; ++i) {
    DeadNotice notice;
    notice.body = std::to_string(i);
    script.told(MessageType::outcome, {i}, {to_json(notice)});
  }
  const auto notices = script.producer.settled().notices;
  CHECK(notices.size() == 1000);
  CHECK(notices.front().body == "2");
  CHECK(notices.back().body == "1001");
}

TEST_CASE("client: close is the last entry, names the last put, and ends when it is confirmed") {
  ProducerScript script;
  script.stand();
  script.put("a");
  script.producer.print("line\n");
  script.producer.close(script.now);
  script.tick();
  const auto said = script.control();
  REQUIRE(said.size() == 2);
  CHECK(said[0].kind == EntryKind::print);
  CHECK(said[1].kind == EntryKind::close);
  CHECK(read_close({EntryKind::close, 0, 0, said[1].payload}) == SeqNo{1});
  script.confirm.ended = true;
  script.send_confirm();
  CHECK(script.producer.session().state() == ClientSession::State::ended);
}

TEST_CASE("client: close without an answer fails it in the end") {
  ProducerScript script;
  script.stand();
  script.put("a");
  script.producer.close(script.now);
  script.tick();
  script.run(close_timeout - 1ms);
  CHECK_FALSE(script.producer.session().over());
  script.advance(1ms);
  REQUIRE(script.producer.session().error());
  CHECK(script.producer.session().error()->kind == SessionError::Kind::close_unconfirmed);
}

TEST_CASE("client: who leaves waits for a broker that is at work, and not for ever") {
  ProducerScript script;
  script.stand();
  script.put("a");
  script.producer.close(script.now);
  script.tick();
  const auto heartbeats = [&](Duration time) {
    for (const auto end = script.now + time;
         script.now < end && !script.producer.session().over();) {
      script.advance(1s);
      script.send_confirm();
    }
  };
  SUBCASE("its heartbeats come, and its disk takes its time") {
    heartbeats(longest_close - 1s);
    CHECK_FALSE(script.producer.session().over());
    script.confirm.ended = true;
    script.send_confirm();
    CHECK(script.producer.session().state() == ClientSession::State::ended);
  }
  SUBCASE("its heartbeats come for ever") {
    heartbeats(longest_close);
    REQUIRE(script.producer.session().error());
    CHECK(script.producer.session().error()->kind == SessionError::Kind::close_unconfirmed);
  }
  SUBCASE("it has no room for what is to be confirmed") {
    script.confirm.producer.put_held = Held::storage;
    heartbeats(close_timeout);
    CHECK(script.producer.session().error());
  }
  SUBCASE("it had none, and has some again") {
    script.confirm.producer.put_held = Held::storage;
    heartbeats(close_timeout - 2s);
    script.confirm.producer.put_held = Held::nothing;
    heartbeats(close_timeout);
    CHECK_FALSE(script.producer.session().over());
  }
  SUBCASE("it falls silent") {
    heartbeats(20s);
    script.run(close_timeout - 1ms);
    CHECK_FALSE(script.producer.session().over());
    script.advance(1ms);
    CHECK(script.producer.session().error());
  }
}

TEST_CASE("client: who owes nothing does not wait for a broker that is silent") {
  ProducerScript script;
  script.stand();
  script.put("a");
  script.confirm.producer.put_received = script.confirm.producer.put_confirmed = SeqNo{1};
  script.send_confirm();
  SUBCASE("already") {
    script.advance(silence);
    script.producer.close(script.now);
    script.tick();
  }
  SUBCASE("then") {
    script.producer.close(script.now);
    script.tick();
    script.advance(silence - 1ms);
    CHECK_FALSE(script.producer.session().over());
    script.advance(1ms);
  }
  CHECK(script.producer.session().state() == ClientSession::State::ended);
}

TEST_CASE("client: a broker that does not know who closes hears it from a new session") {
  ProducerScript script;
  script.stand();
  script.producer.close(script.now);
  script.tick();
  CHECK(script.control().size() == 1);
  script.new_broker();
  script.welcome();
  const auto said = script.control();
  REQUIRE(said.size() == 1);
  CHECK(said[0].kind == EntryKind::close);
}

TEST_CASE("client: a new session says unconfirmed lines again, once") {
  ProducerScript script;
  script.stand();
  for (const auto* line : {"one\n", "two\n", "three\n"}) script.producer.print(line);
  script.tick();
  CHECK(script.control().size() == 3);
  script.new_broker();
  Welcome welcome;
  welcome.previous_control = {2};
  script.welcome(welcome);
  const auto said = script.control();
  REQUIRE(said.size() == 1);
  CHECK(read_print({EntryKind::print, 0, 0, said[0].payload}) == PrintBlock{0, 3, "three\n"});
  CHECK(script.last_control() == SeqNo{1});
}

TEST_CASE(
    "producer: a message says first where in the input its last item is, and the same when it is "
    "sent again") {
  ProducerScript script;
  script.stand();
  InputChain chain("default");
  std::vector<InputPlace> place;
  for (const auto* body : {"a", "b", "c"}) {
    chain.add(body);
    const bool anew = place.empty();  // which goes alone, so that it comes in as a whole
    if (place.size() < 2) place.push_back({});
    place.back() = {chain.at(), anew};
    script.producer.put({default_priority, 0, body}, place.back());
  }
  script.tick();
  CHECK(script.places() == place);
  CHECK(script.puts() == std::vector<std::string>{"a", "b", "c"});
  script.new_broker();
  script.welcome({});
  CHECK(script.places() == place);
  CHECK(script.puts() == std::vector<std::string>{"a", "b", "c"});
  script.confirm_puts(3);
  CHECK(script.producer.flushed());
}

TEST_CASE("client: the previous session is the last one whose welcome it heard") {
  ProducerScript script;
  script.stand();
  script.producer.print("one\n");
  script.tick();
  script.begin_anew(2);
  script.begin_anew(3);  // it stood and was lost again before its welcome came
  const auto hello = script.hello();
  REQUIRE(hello);
  REQUIRE(hello->previous);
  CHECK(hello->previous->session == session_id(1));
}

TEST_CASE("client: a confirm whose counts contradict each other says nothing") {
  ProducerScript s;
  s.stand();
  s.put("a");
  s.confirm.producer.put_received = s.confirm.producer.put_confirmed = {1};
  s.confirm.producer.accepted = 1;
  s.confirm.producer.done = 1;
  s.confirm.producer.dead = 1;
  s.send_confirm();
  CHECK(!s.producer.flushed());
  CHECK(s.producer.settled().done == 0);
  s.confirm.producer.done = UINT64_MAX;
  s.confirm.producer.dead = 2;
  s.send_confirm();
  CHECK(s.producer.settled().done == 0);
}

TEST_CASE("producer: shutdown is a state") {
  ProducerScript script;
  script.stand();
  CHECK_FALSE(script.producer.session().shutdown());
  script.confirm.shutdown = true;
  script.send_confirm();
  CHECK(script.producer.session().shutdown());
}
