// join(): --wait returns when all of a producer's items are done, and says what became of them if
// not.
#include <signal.h>

#include <filesystem>

#include "tests/support/durable_broker.hpp"
#include "tests/support/library.hpp"
#include "tests/support/show.hpp"
#include "tests/support/skip.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

bool says(const Output& output, std::string_view part) {
  return output.text().find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("join: --wait returns after the last ack and not before") {
  Broker broker;
  Process printer = broker.printer();
  Process consumer = broker.consumer({"--work", "1:1"});
  Process producer = broker.producer({"--wait", "first", "last"});
  const auto got = next_got(printer, 2);
  REQUIRE(names(got) == Args{"first", "last"});
  CHECK(producer.wait() == 0);
  CHECK(milliseconds(Clock::now() - got.back().at) > 900);
}

TEST_CASE("join: --wait does not wait for the items of others") {
  Broker broker;
  Process printer = broker.printer();
  Process slow = broker.consumer({"--work", "60:60", "--queue", "slow"});
  Process quick = broker.consumer({"--queue", "quick"});
  Process others = broker.producer({"--queue", "slow", "theirs"});
  REQUIRE(names(next_got(printer, 1)) == Args{"theirs"});
  Process producer = broker.producer({"--wait", "--queue", "quick", "ours"});
  CHECK(producer.wait() == 0);
}

TEST_CASE("join: without --wait a producer ends when its items are confirmed") {
  Broker broker;
  Process producer = broker.producer({"Rick"});
  CHECK(producer.wait() == 0);
}

TEST_CASE("join: an item that kills its consumers dies and --wait exits 3 and names it") {
  Broker broker({"--max-attempts", "2"});
  Process printer = broker.printer();
  Process producer = broker.producer({"--wait", "poison"});
  for (int attempt = 1; attempt <= 2; ++attempt) {
    Process consumer = broker.consumer({"--work", "60:60"});
    REQUIRE(names(next_got(printer, 1)) == Args{"poison"});
    consumer.signal(SIGKILL);
    consumer.wait();
  }
  CHECK(producer.wait() == 3);
  CHECK_MESSAGE(says(producer.err(), "poison"), producer.err().text());
}

TEST_CASE("join: a producer that waits says so when the broker is gone") {
  Broker broker;
  Process printer = broker.printer();
  Process producer = broker.producer({"--wait", "a"});
  require_started(printer, "producer", {producer.pid()});
  broker.process().signal(SIGKILL);
  CHECK(producer.err().next_with("no contact with the broker at " + broker.address()));
}

TEST_CASE(
    "join: who waits on a queue that nobody consumes is told so each time and when stopped how "
    "many are done") {
  Broker broker;
  Process others = broker.consumer();
  const auto begin = Clock::now();
  Process producer = broker.producer({"--wait", "--queue", "mumbers", "a", "b", "c"});
  const auto alone = "waiting: no consumer asks for queue 'mumbers'";
  const auto said = producer.err().next_with(alone);
  REQUIRE(said);
  CHECK(milliseconds(said->at - begin) > 2900);
  // Which is there for longer than a confirm takes to come.
  CHECK(broker.consumer({"--queue", "mumbers", "--count", "1", "--work", "1.5:1.5"}).wait() == 0);
  REQUIRE(producer.err().next_with(alone));  // and knows by now what that one did
  producer.signal(SIGTERM);
  CHECK(producer.wait() == 1);
  CHECK(says(producer.err(),
             "baton-producer: stopped: 1 of 3 items are done; the others stay in the queue\n"));
}

TEST_CASE("join: who waits at a terminal sees how many are done") {
  const std::string script = "/usr/bin/script";
  SKIP_UNLESS(std::filesystem::exists(script), script + " is not installed: no terminal");
  Broker broker;
  Process consumer = broker.consumer({"--work", "1.2:1.2"});
  Process terminal(
      {script, "--quiet", "--return", "--command",
       program_path("baton-producer") + " --broker " + broker.address() + " --wait a b c",
       "/dev/null"});
  const auto last = terminal.out().next_with("\r3 of 3 items are done");
  REQUIRE(last);
  CHECK(last->text.find("\r1 of 3 items are done") != std::string::npos);
  CHECK(terminal.wait() == 0);
}

TEST_CASE("join: items that went down with a broker in memory are told by exit 4") {
  auto broker = std::make_unique<Broker>();
  const std::string port = broker->port();
  Process printer = broker->printer();
  Process consumer = broker->consumer({"--work", "60:60", "--count", "1"});
  Process producer = broker->producer({"--wait", "held", "waiting"});
  REQUIRE(names(next_got(printer, 1)) == Args{"held"});
  broker->process().signal(SIGKILL);
  broker->process().wait();
  broker = std::make_unique<Broker>(Args{"--port", port});
  CHECK(producer.wait() == 4);
  CHECK_FALSE(producer.err().text().empty());
}

TEST_CASE("join: items that went with the data of a durable broker are told to be lost") {
  DurableBroker broker;
  Producer producer(producer_of(*broker));
  producer.put("a");
  producer.put("b");
  producer.flush();
  broker.kill();
  for (const auto& file : std::filesystem::directory_iterator(broker.directory().path()))
    std::filesystem::remove_all(file);
  broker.start();
  const auto settled = producer.join();
  CHECK(settled.lost == 2);
  CHECK(settled.done + settled.dead == 0);
  producer.put("c");
  producer.flush();
  CHECK(broker->consumer({"--count", "1"}).wait() == 0);
  CHECK(producer.join().done == 1);
}
