// kill -9 of consumers that hold items: another one has each of these items at once, and nobody
// else is disturbed.
#include <signal.h>

#include <algorithm>
#include <deque>
#include <map>

#include "tests/support/holder.hpp"
#include "tests/support/library.hpp"
#include "tests/support/show.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

constexpr std::size_t deaths = 50;
constexpr std::size_t at_a_time = 10;
constexpr std::size_t bystanders = 5;

// Consumer programs that hold an item each, as the printer said.
class Holders {
 public:
  Holders(Broker& broker, Producer& producer, std::size_t count) : printer_(broker.printer()) {
    for (std::size_t i = 0; i < count; ++i) {
      Process process = broker.consumer({"--work", "600:600"});
      processes_.emplace(process.pid(), std::move(process));
    }
    for (std::size_t i = 0; i < count; ++i) producer.put(std::to_string(i));
    for (const Got& got : next_got(printer_, count)) holder_of_[got.name] = got.pid;
    REQUIRE(holder_of_.size() == count);
    for (const auto& [item, pid] : holder_of_) REQUIRE(processes_.contains(pid));
  }

  void kill(const std::string& item) { processes_.at(holder_of_.at(item)).signal(SIGKILL); }

 private:
  Process printer_;
  std::map<pid_t, Process> processes_;
  std::map<std::string, pid_t> holder_of_;
};

// A consumer that holds an item all the while.
class Bystander {
 public:
  Bystander(const Broker& broker, Producer& producer) : holder_(broker) {
    producer.put("bystander's");
    CHECK(holder_.held().attempt == 1);
  }
  bool ack() { return holder_.ack(); }

 private:
  Holder holder_;
};

// Kills the holders of these items at once, and gives the times it took `another` to have each.
std::vector<Clock::duration> kill_and_take(Holders& holders, std::size_t first, std::size_t count,
                                           Consumer& another) {
  std::map<std::string, Clock::time_point> killed;
  for (std::size_t i = first; i < first + count; ++i) {
    killed[std::to_string(i)] = Clock::now();
    holders.kill(std::to_string(i));
  }
  std::vector<Clock::duration> times;
  while (!killed.empty()) {
    auto item = another.try_get(soon);
    REQUIRE(item);
    const auto its = killed.find(std::string(item->body()));
    REQUIRE_MESSAGE(its != killed.end(), "moved, too: ", item->body());
    times.push_back(Clock::now() - its->second);
    CHECK(item->delivery_count() == 2);
    CHECK(item->ack());
    killed.erase(its);
  }
  return times;
}

}  // namespace

TEST_SUITE("timed") {
  TEST_CASE(
      "death: 50 consumers killed: each item is elsewhere in under 0.5 s and no other item moves") {
    Broker broker;
    Producer producer(producer_of(broker));
    std::deque<Bystander> others;
    for (std::size_t i = 0; i < bystanders; ++i) others.emplace_back(broker, producer);
    Holders holders(broker, producer, deaths);
    Consumer another(consumer_of(broker));
    std::vector<Clock::duration> times;
    for (std::size_t first = 0; first < deaths; first += at_a_time) {
      const auto some = kill_and_take(holders, first, at_a_time, another);
      times.insert(times.end(), some.begin(), some.end());
    }
    const auto longest = *std::max_element(times.begin(), times.end());
    MESSAGE("from kill -9 to another's get(), ms: median ", milliseconds(median(times)), ", max ",
            milliseconds(longest));
    CHECK(milliseconds(longest) < 500);

    CHECK_FALSE(another.try_get(500ms));
    for (Bystander& one : others) CHECK(one.ack());
    const auto settled = producer.join();
    CHECK(settled.done == deaths + bystanders);
    CHECK(settled.dead == 0);
  }
}
