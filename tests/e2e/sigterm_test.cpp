// How processes end before their time: a consumer at work, one that is killed, a broker that goes
// and comes back.
#include <signal.h>

#include "tests/support/library.hpp"
#include "tests/support/show.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

Args letters() { return {"a", "b", "c", "d", "e", "f"}; }

// A broker with a consumer that is at work on "a", and holds the other letters.
struct AtWork {
  explicit AtWork(const std::string& work)
      : consumer(broker.consumer({"--work", work, "--prefetch", "20"})) {
    Process producer = broker.producer(letters());
    REQUIRE(producer.wait() == 0);
    REQUIRE(names(next_got(printer, 1)) == Args{"a"});
  }

  Broker broker;
  Process printer = broker.printer();
  Process consumer;
};

}  // namespace

TEST_CASE("SIGTERM to a consumer: it finishes, acks, gives back the rest and exits 0") {
  AtWork test("3:3");
  const auto begin = Clock::now();
  test.consumer.signal(SIGTERM);
  CHECK_MESSAGE(test.consumer.wait() == 0, test.consumer.err().text());
  CHECK(milliseconds(Clock::now() - begin) > 500);
  Process next = test.broker.consumer();
  CHECK(names(next_got(test.printer, 5)) == Args{"b", "c", "d", "e", "f"});
  CHECK_FALSE(test.printer.out().next_with(" got ", 200ms));  // "a" is done
}

TEST_CASE(
    "SIGTERM to a consumer twice: it ends at once and gives back what it works on, no failure "
    "counted") {
  AtWork test("60:60");
  test.consumer.signal(SIGTERM);
  CHECK_FALSE(test.consumer.wait(300ms));
  const auto begin = Clock::now();
  test.consumer.signal(SIGTERM);
  const auto code = test.consumer.wait();
  CHECK(code == 128 + SIGTERM);
  CHECK(milliseconds(Clock::now() - begin) < 2000);
  Consumer next(consumer_of(test.broker));
  Args got;
  for (int i = 0; i < 6; ++i) {
    auto item = next.try_get(soon);
    REQUIRE(item);
    CHECK(item->delivery_count() == 1);
    got.emplace_back(item->body());
    item->ack();
  }
  CHECK(got.front() == R"({"name":"a"})");  // what comes back goes to the front
}

TEST_CASE(
    "SIGTERM to a consumer twice while its broker stands still: it ends at once all the same") {
  AtWork test("60:60");
  test.broker.process().signal(SIGSTOP);
  test.consumer.signal(SIGTERM);
  CHECK_FALSE(test.consumer.wait(300ms));
  const auto begin = Clock::now();
  test.consumer.signal(SIGTERM);
  CHECK(test.consumer.wait() == 128 + SIGTERM);
  CHECK(milliseconds(Clock::now() - begin) < 2000);
  test.broker.process().signal(SIGCONT);
}

TEST_CASE("SIGHUP: all four programs end in good order, a consumer when it is through") {
  AtWork test("3:3");
  test.consumer.signal(SIGHUP);  // the first: it works for three seconds only
  Process producer = test.broker.producer({"-"});
  require_started(test.printer, "producer", {producer.pid()});
  producer.signal(SIGHUP);
  CHECK(producer.wait() == 1);
  CHECK(producer.err().text() == "baton-producer: stopped after 0 items; the rest was not put\n");
  CHECK_MESSAGE(test.consumer.wait() == 0, test.consumer.err().text());
  Process next = test.broker.consumer();
  CHECK(names(next_got(test.printer, 5)) == Args{"b", "c", "d", "e", "f"});
  for (Process* process : {&next, &test.printer, &test.broker.process()}) {
    process->signal(SIGHUP);
    CHECK_MESSAGE(process->wait() == 0, process->err().text());
  }
}

TEST_CASE("signals that are ignored at the start stay so: nohup, and a shell's background jobs") {
  const auto ignoring = [](const std::string& program, const std::string& args) {
    return Process(
        {"/bin/bash", "-c", "trap '' HUP INT; exec " + program_path(program) + " " + args});
  };
  Process broker = ignoring("baton-broker", "--port 0 --memory");
  const auto ready = broker.out().next_with("ready on ");
  REQUIRE(ready);
  const auto begin = ready->text.find("127.0.0.1:");
  const auto at = "--broker " + ready->text.substr(begin, ready->text.find(',') - begin);
  Process printer = ignoring("baton-printer", at), consumer = ignoring("baton-consumer", at);
  require_started(printer, "consumer", {consumer.pid()});
  Process producer = ignoring("baton-producer", at + " --wait -");
  require_started(printer, "producer", {producer.pid()});
  for (const int ignored : {SIGHUP, SIGINT})
    for (Process* process : {&broker, &printer, &consumer, &producer}) process->signal(ignored);
  producer.write("after\n");
  CHECK(names(next_got(printer, 1)) == Args{"after"});
  producer.close_input();
  CHECK(producer.wait() == 0);
  for (Process* process : {&consumer, &printer, &broker}) {
    process->signal(SIGTERM);
    CHECK_MESSAGE(process->wait() == 0, process->err().text());
  }
}

TEST_CASE("SIGTERM to a consumer twice at once, as timeout sends it, is one") {
  AtWork test("3:3");
  test.consumer.signal(SIGTERM);
  test.consumer.signal(SIGINT);
  CHECK_MESSAGE(test.consumer.wait() == 0, test.consumer.err().text());
}

TEST_CASE("SIGTERM to idle clients: they exit 0") {
  Broker broker;
  Process printer = broker.printer();
  Process consumer = broker.consumer();
  Process producer = broker.producer({"-"});
  require_started(printer, "consumer", {consumer.pid()});
  consumer.signal(SIGTERM);
  CHECK(consumer.wait() == 0);
  printer.signal(SIGTERM);
  CHECK(printer.wait() == 0);
}

TEST_CASE(
    "SIGTERM to a producer that has more to put: it sees through what was put, says so and exits "
    "1") {
  Broker broker({"--max-items", "2"});
  Process printer = broker.printer();
  SUBCASE("while stdin is open") {
    Process producer = broker.producer({"-"});
    producer.write("a\n");
    Process consumer = broker.consumer();
    REQUIRE(names(next_got(printer, 1)) == Args{"a"});
    producer.signal(SIGTERM);
    CHECK(producer.wait() == 1);
    CHECK(producer.err().text() == "baton-producer: stopped after 1 item; the rest was not put\n");
    CHECK(printer.out().next_with("Producer " + std::to_string(producer.pid()) + " exiting..."));
  }
  SUBCASE("while the queue is full") {
    Process producer = broker.producer({"a", "b", "c"});
    REQUIRE(producer.err().next_with("full"));
    producer.signal(SIGTERM);
    CHECK(producer.wait() == 1);
    CHECK(producer.err().next_with("stopped after 2 items; the rest was not put"));
  }
  SUBCASE("while it sleeps between puts") {
    Process producer = broker.producer({"--sleep", "60:60", "a"});
    require_started(printer, "producer", {producer.pid()});
    producer.signal(SIGINT);
    CHECK(producer.wait() == 1);
    CHECK(producer.err().text() == "baton-producer: stopped after 0 items; the rest was not put\n");
  }
}

TEST_CASE("SIGTERM to a producer before a broker was reached: it put nothing and exits 1") {
  std::string nobody;
  {
    const Broker broker;
    nobody = broker.address();
  }
  Process producer = start("baton-producer", {"--broker", nobody, "--connect-timeout", "60", "a"});
  CHECK_FALSE(producer.wait(500ms));
  producer.signal(SIGTERM);
  CHECK(producer.wait() == 1);
  CHECK(producer.err().text() == "baton-producer: stopped after 0 items; the rest was not put\n");
}

TEST_CASE("SIGTERM to clients whose broker is gone: who owes it nothing ends at once") {
  Broker broker;
  Process printer = broker.printer(), idle = broker.consumer();
  require_started(printer, "consumer", {idle.pid()});
  Process waiting = broker.producer({"-"});
  require_started(printer, "producer", {waiting.pid()});
  Process producer = broker.producer({"--wait", "a"});
  REQUIRE(producer.wait() == 0);
  broker.process().signal(SIGKILL);
  for (Process* process : {&printer, &idle}) {
    REQUIRE(process->err().next_with("no contact"));
    const auto begin = Clock::now();
    process->signal(SIGTERM);
    CHECK(process->wait() == 0);
    CHECK(milliseconds(Clock::now() - begin) < 2000);
  }
  const auto begin = Clock::now();
  waiting.signal(SIGTERM);
  CHECK(waiting.wait() == 1);  // it has not seen the end of its input
  CHECK(milliseconds(Clock::now() - begin) < 2000);
}

TEST_SUITE("timed") {
  TEST_CASE("SIGKILL of a consumer: its items are handed to another in under 0.5 s") {
    AtWork test("60:60");
    Process next = test.broker.consumer();
    require_started(test.printer, "consumer", {next.pid()});
    const auto begin = Clock::now();
    test.consumer.signal(SIGKILL);
    const auto got = next_got(test.printer, 6);
    REQUIRE(names(got) == letters());
    CHECK(milliseconds(got.front().at - begin) < 500);
  }
}

TEST_CASE("SIGTERM to a broker that stores nothing: it says what is lost") {
  Broker broker;
  Process producer = broker.producer({"a", "b"});
  REQUIRE(producer.wait() == 0);
  broker.process().signal(SIGTERM);
  CHECK(broker.process().wait() == 0);
  CHECK(broker.process().err().text() == "baton-broker: stopping: 2 items in memory are lost\n");
}

TEST_CASE("SIGTERM to a broker that was to end when all is done: it exits 1") {
  Broker broker({"--exit-when-done", "--producers", "1"});
  broker.process().signal(SIGTERM);
  CHECK(broker.process().wait() == 1);
  CHECK(broker.process().err().text() == "");
}

TEST_CASE("SIGTERM to the broker: it exits 0, its clients wait for the next one and go on") {
  auto broker = std::make_unique<Broker>();
  const std::string port = broker->port();
  Process printer = broker->printer();
  Process consumer = broker->consumer();
  Process producer = broker->producer({"-"});
  producer.write("before\n");
  REQUIRE(names(next_got(printer, 1)) == Args{"before"});
  broker->process().signal(SIGTERM);
  CHECK(broker->process().wait() == 0);

  producer.write("between\n");
  broker = std::make_unique<Broker>(Args{"--port", port});
  CHECK(names(next_got(printer, 1)) == Args{"between"});
  producer.write("after\n");
  CHECK(names(next_got(printer, 1)) == Args{"after"});
  producer.close_input();
  CHECK(producer.wait() == 0);
}
