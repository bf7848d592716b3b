// --exit-when-done: whatever client comes late, dies, stands still or never comes, the broker ends
// in its stated times, and its line is the last one on the terminal.
#include <signal.h>

#include <future>
#include <initializer_list>

#include "broker/settings.hpp"
#include "proto/limits.hpp"
#include "tests/support/library.hpp"
#include "tests/support/show.hpp"

using namespace baton;
using namespace baton::internal;
using namespace baton::internal::e2e;

namespace {

const broker::CoreSettings stated;
constexpr auto slack = 1500ms;  // for processes to start and to leave
constexpr auto at_once = slack;

struct Story {
  std::string title;
  void (*tell)();
};

// Each story waits for seconds on end, so they are told at the same time.
void side_by_side(std::initializer_list<Story> stories) {
  std::vector<std::future<void>> running;
  for (const Story& story : stories)
    running.push_back(std::async(std::launch::async, [story] {
      INFO(story.title);
      story.tell();
    }));
  for (auto& story : running) story.get();
}

Broker parent(Args args) {
  args.push_back("--exit-when-done");
  return Broker(args);
}

// The broker is still there after `time`.
void expect_waits(Broker& broker, Clock::duration time) {
  CHECK_FALSE(broker.process().wait(time));
}

// The broker ends after so long, and a little.
void expect_end(Broker& broker, Clock::duration after, int code = 0) {
  const auto since = Clock::now();
  CHECK(broker.process().wait(after + slack) == code);
  const double took = milliseconds(Clock::now() - since);
  CHECK(took < milliseconds(after + slack));
  CHECK(took > milliseconds(after) - 1500);  // its clock began to run a little before ours
}

void expect_last_line(Process& printer) {
  CHECK(printer.wait() == 0);
  const auto lines = printer.out().lines();
  REQUIRE_FALSE(lines.empty());
  CHECK(lines.back().text == "Parent process exiting...");
}

void expect_exit(Process process, int code = 0) { CHECK(process.wait() == code); }

// --- printers

void printer_comes_late() {
  Broker broker = parent({"--producers", "1", "--consumers", "1"});
  Process consumer = broker.consumer();
  expect_exit(broker.producer({"a"}));
  expect_exit(std::move(consumer));
  Process printer = broker.printer();
  expect_end(broker, at_once);
  expect_last_line(printer);
}

void printer_dies_and_another_comes() {
  Broker broker = parent({"--producers", "1", "--consumers", "1"});
  Process dies = broker.printer(), consumer = broker.consumer();
  require_started(dies, "consumer", {consumer.pid()});
  dies.signal(SIGKILL);
  dies.wait();
  expect_exit(broker.producer({"a"}));
  expect_exit(std::move(consumer));
  Process printer = broker.printer();
  expect_end(broker, at_once);
  expect_last_line(printer);
}

void printer_never_comes() {
  Broker broker = parent({"--producers", "1"});
  Process consumer = broker.consumer();
  expect_exit(broker.producer({"a"}));
  expect_exit(std::move(consumer));
  expect_end(broker, stated.end.print_within);
  CHECK(broker.process().err().text().find("no printer took the last lines") != std::string::npos);
}

void printer_stands_still() {
  Broker broker = parent({"--producers", "1"});
  Process printer = broker.printer(), consumer = broker.consumer();
  require_started(printer, "consumer", {consumer.pid()});
  printer.signal(SIGSTOP);
  expect_exit(broker.producer({"a"}));
  expect_exit(std::move(consumer));
  expect_end(broker, stated.end.print_within);
}

// --- consumers

void consumer_comes_late() {
  Broker broker = parent({"--producers", "1", "--consumers", "1"});
  Process printer = broker.printer();
  expect_exit(broker.producer({"a"}));
  expect_waits(broker, 1s);
  Process consumer = broker.consumer();
  expect_end(broker, at_once);
  expect_exit(std::move(consumer));
  expect_last_line(printer);
}

void consumer_never_comes() {
  Broker broker = parent({"--producers", "1", "--consumers", "2"});
  Process printer = broker.printer(), consumer = broker.consumer();
  expect_exit(broker.producer({"--wait", "a"}));
  expect_end(broker, stated.end.not_coming);
  expect_exit(std::move(consumer));
  expect_last_line(printer);
}

void consumer_dies_with_an_item() {
  Broker broker = parent({"--producers", "1"});
  Process printer = broker.printer(), dies = broker.consumer({"--work", "600:600"});
  expect_exit(broker.producer({"a"}));
  REQUIRE(names(next_got(printer, 1)) == Args{"a"});
  dies.signal(SIGKILL);
  Process consumer = broker.consumer();
  expect_end(broker, at_once);
  expect_exit(std::move(consumer));
  expect_last_line(printer);
}

void consumers_stand_still() {
  Broker broker = parent({"--producers", "1"});
  Process printer = broker.printer(), idle = broker.consumer({"--queue", "none"});
  Process at_work = broker.consumer({"--work", "600:600"});
  require_started(printer, "consumer", {idle.pid()});
  expect_exit(broker.producer({"a"}));
  REQUIRE(names(next_got(printer, 1)) == Args{"a"});
  Process consumer = broker.consumer();
  require_started(printer, "consumer", {consumer.pid()});
  idle.signal(SIGSTOP);
  at_work.signal(SIGSTOP);
  expect_end(broker, session_timeout);  // then the item goes to the one that is left
  expect_exit(std::move(consumer));
  expect_last_line(printer);
}

void consumer_never_leaves() {
  Broker broker = parent({"--producers", "1"});
  Process printer = broker.printer();
  Consumer stays(consumer_of(broker));
  Process producer = broker.producer({"--wait", "a"});
  auto item = stays.try_get(soon);
  REQUIRE(item);
  item->ack();
  expect_exit(std::move(producer));
  expect_end(broker, stated.end.leave_within);
  expect_last_line(printer);
  CHECK(stays.wait_stop(0s));
}

void every_item_fails() {
  Broker broker = parent({"--producers", "1", "--max-attempts", "2"});
  Process printer = broker.printer(), consumer = broker.consumer({"--fail"});
  expect_exit(broker.producer({"--wait", "a"}), 3);
  expect_end(broker, at_once, 3);
  expect_exit(std::move(consumer));
  expect_last_line(printer);
}

// --- producers

void producer_comes_late() {
  Broker broker = parent({"--producers", "2"});
  Process printer = broker.printer(), consumer = broker.consumer();
  expect_exit(broker.producer({"--wait", "a"}));
  expect_waits(broker, 1s);
  Process late = broker.producer({"b"});
  expect_end(broker, at_once);
  expect_exit(std::move(late));
  expect_exit(std::move(consumer));
  expect_last_line(printer);
}

void producer_dies() {
  Broker broker = parent({"--producers", "1"});
  Process printer = broker.printer(), consumer = broker.consumer(), dies = broker.producer({"-"});
  dies.write("a\n");
  REQUIRE(names(next_got(printer, 1)) == Args{"a"});
  expect_waits(broker, 1s);
  dies.signal(SIGKILL);
  expect_end(broker, at_once);
  expect_exit(std::move(consumer));
  expect_last_line(printer);
}

void producer_stands_still() {
  Broker broker = parent({"--producers", "1"});
  Process printer = broker.printer(), consumer = broker.consumer(), stands = broker.producer({"-"});
  stands.write("a\n");
  REQUIRE(names(next_got(printer, 1)) == Args{"a"});
  stands.signal(SIGSTOP);
  expect_end(broker, session_timeout);
  expect_exit(std::move(consumer));
  expect_last_line(printer);
}

void named_producer_counts_once() {
  Broker broker = parent({"--producers", "2"});
  Process printer = broker.printer(), consumer = broker.consumer();
  Process dies = broker.producer({"--name", "Rick", "-"});
  dies.write("a\n");
  REQUIRE(names(next_got(printer, 1)) == Args{"a"});
  dies.signal(SIGKILL);
  dies.wait();
  Process again = broker.producer({"--name", "Rick", "--wait", "-"});
  again.write("a\nb\n");
  again.close_input();
  expect_exit(std::move(again));
  expect_waits(broker, 1s);
  expect_exit(broker.producer({"c"}));
  expect_end(broker, at_once);
  expect_exit(std::move(consumer));
  expect_last_line(printer);
  CHECK(next_got(printer, 3).size() ==
        2);  // "b" and "c": the second Rick went on after the first one's "a"
}

}  // namespace

TEST_SUITE("timed-waits") {
  TEST_CASE("ending: with a printer that comes late or dies or stands still or never comes") {
    side_by_side({{"printer comes late", printer_comes_late},
                  {"printer dies and another comes", printer_dies_and_another_comes},
                  {"printer never comes", printer_never_comes},
                  {"printer stands still", printer_stands_still}});
  }

  TEST_CASE(
      "ending: with consumers that come late or die or stand still or never come or never leave or "
      "fail") {
    side_by_side({{"consumer comes late", consumer_comes_late},
                  {"consumer never comes", consumer_never_comes},
                  {"consumer dies with an item", consumer_dies_with_an_item},
                  {"consumers stand still", consumers_stand_still},
                  {"consumer never leaves", consumer_never_leaves},
                  {"every item fails", every_item_fails}});
  }

  TEST_CASE("ending: with producers that come late or die or stand still or come again") {
    side_by_side({{"producer comes late", producer_comes_late},
                  {"producer dies", producer_dies},
                  {"producer stands still", producer_stands_still},
                  {"named producer counts once", named_producer_counts_once}});
  }
}
