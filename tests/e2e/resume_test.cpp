// A named producer that is killed and run again: each line of its file is put once, in order.
#include <random>

#include "tests/e2e/kept_broker.hpp"
#include "tests/e2e/library.hpp"
#include "tests/e2e/show.hpp"

using namespace baton;
using namespace baton::e2e;

namespace {

std::string numbered(int lines) {
  std::string text;
  for (int i = 0; i < lines; ++i) text += "line " + std::to_string(i) + '\n';
  return text;
}

/// Gets lines, from one to before another, each once and in order; gives the first that did not come so.
int in_order(Consumer& consumer, int to, int from = 0) {
  for (int i = from; i < to; ++i) {
    const auto item = consumer.get(soon_ms);
    if (!item || item->body != R"({"name":"line )" + std::to_string(i) + R"("})") {
      MESSAGE("instead: ", item ? item->body : "nothing");
      return i;
    }
    consumer.ack(item->id);
  }
  return to;
}

Args load(const TemporaryFile& file, const Args& more = {}) {
  Args args{"--name", "load-1", "--file", file.path()};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

}  // namespace

TEST_CASE("resume: a producer killed again and again, and its broker, too: each line is put once and in order") {
  const int kills = static_cast<int>(number_of("BATON_PRODUCER_KILLS", 15)), lines = 1000 * kills;
  std::mt19937 random(7);  // NOLINT: the same each time
  KeptBroker broker;
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
  CHECK_FALSE(consumer.get(200ms));
}

TEST_CASE("resume: what is put whole is not put again unless its user says so") {
  KeptBroker broker;
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
  CHECK_FALSE(consumer.get(200ms));
}

TEST_CASE("resume: another file under the name of one that is half put is refused, with what to do") {
  KeptBroker broker;
  const TemporaryFile file(numbered(1000)), other(numbered(2));
  Process first = broker->producer(load(file, {"--sleep", "0:0.001"}));
  Consumer consumer(consumer_of(*broker));
  CHECK(in_order(consumer, 1) == 1);
  first.signal(SIGTERM);
  CHECK(first.wait() == 1);
  Process refused = broker->producer(load(other));
  CHECK(refused.wait() == 2);
  CHECK(refused.err().text().find("stopped in the midst of other items") != std::string::npos);
  CHECK(refused.err().text().find("--again") != std::string::npos);
  CHECK(broker->producer(load(file)).wait() == 0);
}

TEST_CASE(
    "resume: a second process of the same name while the first one works: the first is fenced, nothing is doubled") {
  KeptBroker broker;
  const TemporaryFile file(numbered(2000));
  Process first = broker->producer(load(file, {"--sleep", "0:0.001"}));
  Consumer consumer(consumer_of(*broker));
  CHECK(in_order(consumer, 10) == 10);
  Process second = broker->producer(load(file));
  CHECK(first.wait() == 1);
  CHECK(first.err().text().find("a newer session has taken this producer's name") != std::string::npos);
  CHECK(second.wait() == 0);
  CHECK(in_order(consumer, 2000, 10) == 2000);
  CHECK_FALSE(consumer.get(200ms));
}
