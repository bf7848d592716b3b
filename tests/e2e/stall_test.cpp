// SIGSTOP: a consumer that stands still loses its items and is not confused afterwards; a broker
// that stands still loses nothing and nobody.
#include <signal.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <mutex>
#include <set>
#include <thread>

#include "tests/support/holder.hpp"
#include "tests/support/library.hpp"
#include "tests/support/show.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

constexpr auto stall = 10s;
constexpr double elsewhere_within = 4000;  // ms
constexpr double flows_again_within = 1000;

// A consumer program that will be stopped, with a queue of its own, on which others ask, too, by
// then: one for each item.
class Stalled {
 public:
  Stalled(const Broker& broker, const std::string& queue, Args args, std::size_t items,
          std::size_t begun)
      : queue_(queue),
        begun_(begun),
        producer_(producer_of(broker, queue)),
        program_(start(broker, queue, args)) {
    for (std::size_t i = 0; i < items; ++i) bodies_.insert(queue + std::to_string(i));
    for (const auto& body : bodies_) producer_.put(body);
    producer_.flush();
  }

  pid_t pid() const { return program_.pid(); }
  Process& program() { return program_; }
  const std::string& queue() const { return queue_; }

  void stop(const Broker& broker) {
    for (std::size_t i = 0; i < bodies_.size(); ++i) others_.emplace_back(broker, queue_);
    stopped_ = Clock::now();
    program_.signal(SIGSTOP);
  }

  // All of its items come to the others, which hold them.
  void expect_items_elsewhere() {
    std::set<std::string> bodies;
    std::size_t again = 0;
    for (Holder& other : others_) {
      const auto item = other.held();
      bodies.insert(item.body);
      again += item.attempt == 2;
    }
    moved_after_ = milliseconds(Clock::now() - stopped_);
    CHECK(moved_after_ < elsewhere_within);
    CHECK(bodies == bodies_);
    CHECK(again == begun_);
  }

  // What came back late has settled nothing: all of it is still the others' to settle.
  void expect_still_theirs(const Broker& broker) {
    CHECK_FALSE(Consumer(consumer_of(broker, {queue_})).try_get(0ms));
    for (Holder& other : others_) CHECK(other.ack());
    others_.clear();
  }

  void put(const std::string& body) { producer_.put(body); }
  Counts join() { return producer_.join(); }
  Clock::time_point stopped() const { return stopped_; }
  double moved_after() const { return moved_after_; }

 private:
  static Process start(const Broker& broker, const std::string& queue, Args args) {
    args.insert(args.end(), {"--queue", queue});
    return broker.consumer(args);
  }

  const std::string queue_;
  const std::size_t begun_;
  std::set<std::string> bodies_;
  Producer producer_;
  Process program_;
  std::deque<Holder> others_;
  Clock::time_point stopped_;
  double moved_after_ = 0;
};

// Keeps a queue full of numbered items, and works on them at a pace that other things on the
// machine do not change: 800 a second. Counts what comes when.
class Load {
 public:
  static constexpr auto window = 100ms;
  static constexpr auto work = 20ms;
  static constexpr std::uint32_t jobs = 8;  // of each of two consumers

  explicit Load(const Broker& broker) : producer_(producer_of(broker, "load")) {
    for (int i = 0; i < 2; ++i) consumers_.emplace_back(consumer_of(broker, {"load"}));
    for (Consumer& consumer : consumers_)
      threads_.emplace_back([this, &consumer] { get_all(consumer); });
    threads_.emplace_back([this] { put_all(); });
  }

  // Items a second that came between these times.
  double rate(Clock::time_point from, Clock::time_point to) {
    const std::lock_guard lock(mutex_);
    const auto count =
        std::count_if(came_.begin(), came_.end(), [&](auto at) { return at >= from && at < to; });
    return static_cast<double>(count) / std::chrono::duration<double>(to - from).count();
  }

  // How long after `from` the first window ends in which so many items a second came; one that is
  // over by now.
  Clock::duration first_window(Clock::time_point from, double wanted) {
    for (auto to = from + window; to < Clock::now(); to += window)
      if (rate(to - window, to) >= wanted) return to - from;
    return Clock::duration::max();
  }

  // Ends the load, and waits until all is settled.
  void finish() {
    stop_ = true;
    threads_.back().join();
    threads_.pop_back();
    settled_ = producer_.join();
    for (Consumer& consumer : consumers_) consumer.stop();
    for (std::thread& thread : threads_) thread.join();
  }

  std::size_t put() const { return put_; }
  std::size_t got() const { return came_.size(); }
  std::size_t twice() const { return twice_; }
  std::size_t again() const { return again_; }
  const Counts& settled() const { return settled_; }

 private:
  void put_all() {
    for (; !stop_; ++put_) producer_.put(std::to_string(put_));
  }
  void get_all(Consumer& consumer) {
    RunOptions options;
    options.jobs = jobs;
    const auto handle = [&](const Item& item) {
      note(item);
      consumer.wait_stop(work);
    };
    consumer.run(handle, options);
  }
  void note(const Item& item) {
    const std::lock_guard lock(mutex_);
    came_.push_back(Clock::now());
    again_ += item.delivery_count() != 1;
    const auto number = std::stoul(std::string(item.body()));
    if (seen_.size() <= number) seen_.resize(2 * number + 1);
    twice_ += seen_[number];
    seen_[number] = true;
  }

  Producer producer_;
  std::deque<Consumer> consumers_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stop_ = false;
  std::size_t put_ = 0;
  Counts settled_;
  std::mutex mutex_;
  std::vector<Clock::time_point> came_;
  std::vector<bool> seen_;
  std::size_t twice_ = 0, again_ = 0;
};

// What lives through a stop of the broker beside the load: a producer with more to put, a consumer
// at rest, one that holds an item, one that dies, and the printer.
struct Others {
  explicit Others(Broker& broker)
      : printer(broker.printer()),
        producer(broker.producer({"--wait", "-"})),
        consumer(broker.consumer()),
        killed(broker.consumer({"--queue", "killed", "--work", "600:600"})),
        held_by(producer_of(broker, "held")),
        holder(consumer_of(broker, {"held"})) {
    producer.write("before\n");
    REQUIRE(names(next_got(printer, 1)) == Args{"before"});
    put_killed(broker);
    held_by.put("held");
    held = holder.try_get(soon);
    REQUIRE(held);
  }

  void put_killed(const Broker& broker) {
    Process program = broker.producer({"--queue", "killed", "moves"});
    REQUIRE(names(next_got(printer, 1)) == Args{"moves"});
    heir.emplace(broker, "killed");
  }

  // How long after `since` the item of the one that was killed is here.
  double take_from_killed(Clock::time_point since) {
    const auto item = heir->held();
    CHECK(item.body == R"({"name":"moves"})");
    CHECK(item.attempt == 2);
    CHECK(heir->ack());
    return milliseconds(item.at - since);
  }

  void expect_all_go_on() {
    CHECK_FALSE(holder.try_get(0ms));
    CHECK(held->ack());
    CHECK(held_by.join().done == 1);
    producer.write("after\n");
    producer.close_input();
    CHECK(names(next_got(printer, 1)) == Args{"after"});
    CHECK(producer.wait() == 0);
    CHECK_FALSE(consumer.wait(0ms));
    CHECK_FALSE(printer.wait(0ms));
  }

  Process printer, producer, consumer, killed;
  Producer held_by;
  Consumer holder;
  std::optional<Holder> heir;  // of the item of the one that is killed
  std::optional<Item> held;
};

void require_running(Process& process, Clock::time_point until) {
  REQUIRE_FALSE(process.wait(until - Clock::now()));
}

// How often the broker has said that somebody settles an item of another session.
std::size_t not_held(Broker& broker) {
  return occurrences(broker.process().err().text(), "does not hold this item");
}

// Nothing is said until then.
void require_quiet(Process& printer, Clock::time_point until) {
  const auto line = printer.out().next(until - Clock::now());
  REQUIRE_MESSAGE(!line, line->text);
}

}  // namespace

TEST_SUITE("timed-waits") {
  TEST_CASE(
      "stall: consumers stopped for 10 s: their items are elsewhere in 4 s and they begin no lost "
      "one") {
    Broker broker;
    Process printer = broker.printer();
    std::array<Stalled, 3> stalled{
        Stalled(broker, "at-work", {"--work", "1:1"}, 1, 1),
        Stalled(broker, "prefetched", {"--work", "1:1", "--prefetch", "5"}, 6, 1),
        Stalled(broker, "jobs", {"--work", "1:1", "--jobs", "3", "--prefetch", "9"}, 12, 3)};
    constexpr std::size_t begun = 1 + 1 + 3;
    REQUIRE(next_got(printer, begun).size() == begun);
    for (Stalled& one : stalled) one.stop(broker);
    for (Stalled& one : stalled) one.expect_items_elsewhere();
    for (Stalled& one : stalled)
      MESSAGE(one.queue(), ": elsewhere after ", one.moved_after(), " ms");
    require_quiet(printer, stalled.back().stopped() + stall);

    for (Stalled& one : stalled) one.program().signal(SIGCONT);
    require_quiet(
        printer,
        Clock::now() + 2s);  // in which the late acks go out, and a lost item would be begun
    const auto refused_late = not_held(broker);
    for (Stalled& one : stalled) one.expect_still_theirs(broker);
    for (Stalled& one : stalled) {
      one.put("afterwards");
      const auto got = next_got(printer, 1);
      REQUIRE(names(got) == Args{"afterwards"});
      CHECK(got[0].pid == one.pid());
      const Counts settled = one.join();
      CHECK(settled.dead == 0);
    }
    CHECK(not_held(broker) ==
          refused_late);  // what came late had settled none of what the others held
  }

  TEST_CASE(
      "stall: the broker stopped for 10 s: nobody leaves and nothing comes twice and it flows "
      "again in 1 s") {
    Broker broker({"--max-items", "100"});
    Others others(broker);
    Load load(broker);
    const auto begin = Clock::now();
    require_running(broker.process(), begin + 2s);
    const double before = load.rate(begin + 1s, begin + 2s);

    broker.process().signal(SIGSTOP);
    others.killed.signal(SIGKILL);
    require_running(broker.process(), Clock::now() + stall);
    broker.process().signal(SIGCONT);
    const auto resumed = Clock::now();
    const double taken_after = others.take_from_killed(resumed);

    require_running(broker.process(), resumed + 2s);
    const auto flows = load.first_window(resumed, before / 2);
    const double after = load.rate(resumed + 1s, resumed + 2s);
    load.finish();
    MESSAGE("items/s: before ", before, ", after ", after, "; half of it again after ",
            milliseconds(flows), " ms");
    MESSAGE("one killed meanwhile: its item is elsewhere after ", taken_after, " ms");
    CHECK(milliseconds(flows) < flows_again_within);
    CHECK(after > before / 2);
    CHECK(taken_after < flows_again_within);
    CHECK(load.got() == load.put());
    CHECK(load.twice() == 0);
    CHECK(load.again() == 0);
    CHECK(load.settled().done == load.put());
    others.expect_all_go_on();
  }
}
