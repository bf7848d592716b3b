// A producer and the broker after its broker: what is put again, and what of it is counted.
#include "tests/worlds/producer_script.hpp"

using namespace baton::internal;
using namespace baton::internal::script;

TEST_CASE(
    "producer: another broker that stored nothing gets the unconfirmed ones, the confirmed ones "
    "are lost") {
  ProducerScript script;
  script.stand();
  for (const auto* body : {"a", "b", "c"}) script.put(body);
  script.confirm.producer.done = 1;
  script.confirm_puts(2);
  script.puts();
  script.new_broker();
  const auto hello = script.hello();
  REQUIRE(hello);
  CHECK(hello->first_put == SeqNo{3});
  REQUIRE(hello->previous);
  CHECK(hello->previous->broker_instance == BrokerInstance{77});
  CHECK(hello->previous->session == session_id(1));
  Welcome welcome;
  welcome.put_received = {2};
  script.welcome(welcome);
  CHECK(script.puts() == std::vector<std::string>{"c"});
  script.confirm.producer.accepted = script.confirm.producer.done = 1;
  script.confirm.producer.put_received = script.confirm.producer.put_confirmed = {3};
  script.send_confirm();
  CHECK(script.producer.joined());
  const auto settled = script.producer.settled();
  CHECK(settled.done == 2);
  CHECK(settled.lost == 1);
  CHECK(settled.dead == 0);
}

TEST_CASE(
    "producer: what only a welcome said to be in goes to the next broker again: it was never "
    "counted") {
  ProducerScript script;
  script.stand();
  for (const auto* body : {"a", "b"}) script.put(body);
  script.puts();
  script.begin_anew(2);
  Welcome welcome;
  welcome.put_received = {2};
  script.welcome(welcome);  // the confirm behind it is lost
  CHECK(script.puts() == std::vector<std::string>{});
  script.new_broker(3);
  script.welcome({});
  CHECK(script.puts() == std::vector<std::string>{"a", "b"});
  script.confirm_puts(2);
  script.confirm.producer.done = 2;
  script.send_confirm();
  CHECK(script.producer.joined());
  CHECK(script.producer.settled().done == 2);
  CHECK(script.producer.settled().lost == 0);
}

TEST_CASE("producer: of what a broker's data does not have any more what was not settled is lost") {
  ProducerScript script;
  script.stand();
  for (const auto* body : {"a", "b", "c", "d"}) script.put(body);
  script.confirm.producer.done = script.confirm.producer.dead = 1;
  script.confirm_puts(4);
  script.puts();
  script.new_broker();
  Welcome welcome;
  welcome.durable = true;
  welcome.put_received = {4};
  Confirm confirm;
  confirm.part = Confirm::Part::producer;
  confirm.producer.put_received = confirm.producer.put_confirmed = {4};
  Settled expected;
  SUBCASE("all of it was emptied") {
    welcome.put_unknown = 4;
    expected = {1, 1, 2, 4, {}};
  }
  SUBCASE("a copy has three, of which one is done by now") {
    welcome.put_unknown = 1;
    confirm.producer.accepted = 3;
    confirm.producer.done = 2;
    confirm.producer.dead = 1;
    expected = {2, 1, 1, 4, {}};
  }
  for (std::uint8_t n = 3; n < 6; ++n) {  // the next brokers may not know that it was told
    script.welcome(welcome);
    script.confirm = confirm;
    script.send_confirm();
    CHECK(script.producer.joined());
    const auto settled = script.producer.settled();
    CHECK(settled.done == expected.done);
    CHECK(settled.dead == expected.dead);
    CHECK(settled.lost == expected.lost);
    CHECK(settled.put == expected.put);
    script.new_broker(n, {script.broker_instance.value + 1});
  }
}

TEST_CASE("producer: another durable broker goes on where the last one was") {
  ProducerScript script;
  script.stand();
  for (const auto* body : {"a", "b", "c"}) script.put(body);
  script.puts();
  script.new_broker();
  Welcome welcome;
  welcome.durable = true;
  welcome.put_received = {2};
  script.welcome(welcome);
  CHECK(script.puts() == std::vector<std::string>{"c"});
}

TEST_CASE(
    "producer: how its numbers go on is settled by its first welcome, though it has put nothing "
    "yet") {
  ProducerScript script;
  script.stand();
  script.new_broker();
  Welcome welcome;
  welcome.durable = true;
  welcome.put_received = SeqNo{3};  // of a name that it has not put yet
  script.welcome(welcome);
  script.confirm.producer.put_credit = SeqNo{100};
  script.confirm.producer.put_window = 1000;
  script.confirm_puts(3);
  CHECK(script.producer.already_put().empty());
  for (const auto* body : {"a", "b", "c"}) script.put(body);
  script.confirm_puts(3);
  CHECK(script.producer.flushed());
}

TEST_CASE("producer: a welcome confirms nothing, not of a broker that was started anew either") {
  ProducerScript script;
  script.stand();
  script.put("a");
  script.new_broker();
  Welcome welcome;
  welcome.durable = true;
  // Another process of the name has put it, and it is not stored yet.
  welcome.put_received = SeqNo{1};
  script.welcome(welcome);
  CHECK_FALSE(script.producer.flushed());
  script.confirm_puts(1);
  CHECK(script.producer.flushed());
}
