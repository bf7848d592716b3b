// A named producer that is killed and run again: each line of its file is put once, in order.
#include <random>

#include "tests/support/durable_broker.hpp"
#include "tests/support/library.hpp"
#include "tests/support/show.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

std::string numbered(int lines) {
  std::string text;
  for (int i = 0; i < lines; ++i) text += "line " + std::to_string(i) + '\n';
  return text;
}

/// Gets lines, from one to before another, each once and in order; gives the first that did not
/// come so.
int in_order(Consumer& consumer, int to, int from = 0) {
  for (int i = from; i < to; ++i) {
    auto item = consumer.try_get(soon);
    if (!item || item->body() != R"({"name":"line )" + std::to_string(i) + R"("})") {
      MESSAGE("instead: ", item ? item->body() : "nothing");
      return i;
    }
    item->ack();
  }
  return to;
}

Args load(const TemporaryFile& file, const Args& more = {}) {
  Args args{"--name", "load-1", "--file", file.path()};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

}  // namespace

TEST_CASE(
    "resume: a producer killed again and again, and its broker, too: each line is put once and in "
    "order") {
  const int kills = static_cast<int>(number_of("BATON_PRODUCER_KILLS", 15)), lines = 1000 * kills;
  std::mt19937 random(7);  // NOLINT: the same each time
  DurableBroker broker;
  const TemporaryFile file(numbered(lines));
  int went_on = 0;
  for (int i = 1; i <= kills; ++i) {
    Process producer = broker->producer(load(file, {"--sleep", "0:0.001"}));
    if (i % 10 == 0) {
      broker.kill();
      broker.start();
    }
    REQUIRE_FALSE(producer.wait(std::chrono::milliseconds(random() % 600)));
    producer.signal(SIGKILL);
    REQUIRE(producer.wait());
    went_on += producer.err().text().find("it goes on after them") != std::string::npos;
  }
  Process last = broker->producer(load(file));
  CHECK(last.wait() == 0);
  MESSAGE("of ", kills, " that were killed so many went on where the one before was: ", went_on);
  CHECK(went_on > kills / 2);
  Consumer consumer(consumer_of(*broker));
  CHECK(in_order(consumer, lines) == lines);
  CHECK_FALSE(consumer.try_get(200ms));
}

TEST_CASE("resume: what is put whole is not put again unless its user says so") {
  DurableBroker broker;
  const TemporaryFile file(numbered(3));
  CHECK(broker->producer(load(file)).wait() == 0);
  broker.kill();
  broker.start();
  Process again = broker->producer(load(file));
  CHECK(again.wait() == 0);
  CHECK(again.err().text() == "all 3 items of 'load-1' came in before; --again puts them again\n");
  CHECK(broker->producer(load(file, {"--again"})).wait() == 0);
  Consumer consumer(consumer_of(*broker));
  CHECK(in_order(consumer, 3) == 3);
  CHECK(in_order(consumer, 3) == 3);
  CHECK_FALSE(consumer.try_get(200ms));
}

TEST_CASE(
    "resume: other lines under a name are refused with the place and what to do, and nothing is "
    "put") {
  DurableBroker broker;
  for (const int lines : {50, 100})
    CHECK(broker->producer(load(TemporaryFile(numbered(lines)))).wait() == 0);
  Consumer consumer(consumer_of(*broker));
  CHECK(in_order(consumer, 100) == 100);

  auto text = numbered(120);
  text.replace(text.find("line 89\n"), 7, "line X!");
  const TemporaryFile changed(text);
  Process refused = broker->producer(load(changed));
  CHECK(refused.wait() == 2);
  const auto said = refused.err().text();
  CAPTURE(said);
  CHECK(said.find("this is not what 'load-1' has put before: it differs after ") != said.npos);
  CHECK(said.find(", up to " + changed.path() + ": line ") != said.npos);
  CHECK(said.find("--from N") != said.npos);
  CHECK(said.find("--again") != said.npos);

  const TemporaryFile cut(numbered(60));
  Process shorter = broker->producer(load(cut));
  CHECK(shorter.wait() == 2);
  CHECK(shorter.err().text().find("it has 60 items, of 100 that were put; nothing was put") !=
        std::string::npos);
  CHECK_FALSE(consumer.try_get(200ms));

  CHECK(broker->producer(load(changed, {"--from", "101"})).wait() == 0);
  CHECK(in_order(consumer, 120, 100) == 120);
  Process same = broker->producer(load(changed));
  CHECK(same.wait() == 0);
  CHECK(same.err().text() == "all 120 items of 'load-1' came in before; --again puts them again\n");
  CHECK(broker->producer(load(cut, {"--again"})).wait() == 0);
  CHECK(in_order(consumer, 60) == 60);
  CHECK_FALSE(consumer.try_get(200ms));
}

TEST_CASE("resume: a file that grew is put on from where it was, over the end of the broker, too") {
  DurableBroker broker;
  const TemporaryFile file(numbered(100)), grown(numbered(112));
  CHECK(broker->producer(load(file)).wait() == 0);
  broker.kill();
  broker.start();
  Process more = broker->producer(load(grown));
  CHECK(more.wait() == 0);
  CHECK(more.err().text() ==
        "the first 100 items of 'load-1' came in before; it goes on after them\n"
        "12 more items than last time\n");
  Consumer consumer(consumer_of(*broker));
  CHECK(in_order(consumer, 112) == 112);
  CHECK_FALSE(consumer.try_get(200ms));
}

TEST_CASE("resume: standard input and words go on by what they are, and never by their number") {
  const Broker broker;  // that keeps nothing: what it remembers lives as long as itself
  const auto put = [&](const std::string& text) {
    Process producer = broker.producer({"--name", "nightly", "-"});
    producer.write(text);
    producer.close_input();
    return producer;
  };
  Consumer consumer(consumer_of(broker));
  CHECK(put(numbered(3)).wait() == 0);
  CHECK(in_order(consumer, 3) == 3);
  CHECK(put("tuesday\nhas\nother\nlines\n").wait() == 2);
  CHECK(put(numbered(5)).wait() == 0);
  CHECK(in_order(consumer, 5, 3) == 5);
  CHECK(put(numbered(5)).wait() == 0);
  CHECK(broker
            .producer(
                {"--name", "nightly", "line 0", "line 1", "line 2", "line 3", "line 4", "line 5"})
            .wait() == 0);
  CHECK(in_order(consumer, 6, 5) == 6);
  Process elsewhere = broker.producer({"--name", "nightly", "--queue", "other", "line 0"});
  CHECK(elsewhere.wait() == 2);
  CHECK(elsewhere.err().text().find("this is not what 'nightly' has put before") !=
        std::string::npos);
  CHECK_FALSE(consumer.try_get(200ms));
}

TEST_CASE("resume: a line that was no item is mended, and the next run goes on there") {
  DurableBroker broker;
  const TemporaryFile broken("line 0\nline 1\n{'broken'}\nline 3\n"), mended(numbered(4));
  CHECK(broker->producer(load(broken)).wait() == 2);
  CHECK(broker->producer(load(mended)).wait() == 0);
  Consumer consumer(consumer_of(*broker));
  CHECK(in_order(consumer, 4) == 4);
  CHECK_FALSE(consumer.try_get(200ms));
}

TEST_CASE("resume: --from begins at a line, with a name or without one") {
  const Broker broker;
  const TemporaryFile file("{'broken'}\n" + numbered(3));
  Consumer consumer(consumer_of(broker));
  CHECK(broker.producer({"--file", file.path(), "--from", "2"}).wait() == 0);
  CHECK(in_order(consumer, 3) == 3);
  Process beyond = broker.producer({"--file", file.path(), "--from", "5"});
  CHECK(beyond.wait() == 2);
  CHECK(beyond.err().text() == "baton-producer: --from 5: there is nothing from there on\n");
  CHECK_FALSE(consumer.try_get(200ms));
}

TEST_CASE("resume: a bad line that --from has passed is passed by who runs on, too") {
  DurableBroker broker;
  const TemporaryFile file("line 0\n{'broken'}\nline 1\n");
  Consumer consumer(consumer_of(*broker));
  CHECK(broker->producer(load(file)).wait() == 2);
  CHECK(broker->producer(load(file, {"--from", "3"})).wait() == 0);
  CHECK(in_order(consumer, 2) == 2);
  CHECK(broker->producer(load(file)).wait() == 0);
  const TemporaryFile grown("line 0\n{'broken'}\nline 1\nline 2\n{'bad'}\n");
  CHECK(broker->producer(load(grown)).wait() == 2);
  CHECK(in_order(consumer, 3, 2) == 3);
  CHECK_FALSE(consumer.try_get(200ms));
}

TEST_CASE(
    "resume: a second process of the same name while the first one works: the first is fenced, "
    "nothing is doubled") {
  DurableBroker broker;
  const TemporaryFile file(numbered(2000));
  Process first = broker->producer(load(file, {"--sleep", "0:0.001"}));
  Consumer consumer(consumer_of(*broker));
  CHECK(in_order(consumer, 10) == 10);
  Process second = broker->producer(load(file));
  CHECK(first.wait() == 1);
  CHECK(first.err().text().find("a newer session has taken this producer's name") !=
        std::string::npos);
  CHECK(second.wait() == 0);
  CHECK(in_order(consumer, 2000, 10) == 2000);
  CHECK_FALSE(consumer.try_get(200ms));
}
