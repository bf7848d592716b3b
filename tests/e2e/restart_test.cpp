// A broker in memory is killed and started again at the same port, many times, under load: its
// clients live on.
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "tests/support/library.hpp"
#include "tests/support/show.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

constexpr int restarts = 20;
constexpr double goes_on_within = 2000;  // ms

// A broker that can be killed and comes again at the same port.
class Mortal {
 public:
  Mortal() : broker_(std::make_unique<Broker>(options())), port_(broker_->port()) {}
  Broker& operator*() { return *broker_; }
  Broker* operator->() { return broker_.get(); }

  void kill() {
    broker_->process().signal(SIGKILL);
    CHECK(broker_->process().wait() == 128 + SIGKILL);
  }
  void start() {
    Args args = options();
    args.insert(args.end(), {"--port", port_});
    broker_ = std::make_unique<Broker>(args);
  }

 private:
  static Args options() { return {"--max-items", "1000"}; }

  std::unique_ptr<Broker> broker_;
  const std::string port_;
};

// Puts and gets without a pause.
class Load {
 public:
  explicit Load(const Broker& broker) : producer_(producer_of(broker, "load")) {
    for (int i = 0; i < 2; ++i) consumers_.emplace_back(consumer_of(broker, {"load"}));
    for (Consumer& consumer : consumers_)
      threads_.emplace_back([this, &consumer] { get_all(consumer); });
    threads_.emplace_back([this] { put_all(); });
  }

  // Waits for `count` more items.
  bool flows(std::size_t count = 100) {
    std::unique_lock lock(mutex_);
    const auto wanted = got_ + count;
    return came_.wait_for(lock, soon, [&] { return got_ >= wanted; });
  }

  // Ends the load when all that was put is settled.
  Counts finish() {
    stop_ = true;
    threads_.back().join();
    threads_.pop_back();
    const auto settled = producer_.join();
    for (Consumer& consumer : consumers_) consumer.interrupt();
    for (std::thread& thread : threads_) thread.join();
    return settled;
  }

  std::size_t put() const { return put_; }
  std::size_t got() const { return got_; }
  std::size_t distinct() const { return seen_.size(); }

 private:
  void put_all() {
    for (; !stop_; ++put_) producer_.put(std::to_string(put_));
  }
  void get_all(Consumer& consumer) {
    while (auto item = get_until_interrupted(consumer)) {
      {
        const std::lock_guard lock(mutex_);
        ++got_;
        seen_.insert(std::stoul(std::string(item->body())));
      }
      came_.notify_one();
      item->ack();
    }
  }

  Producer producer_;
  std::deque<Consumer> consumers_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stop_ = false;
  std::size_t put_ = 0;
  std::mutex mutex_;
  std::condition_variable came_;
  std::size_t got_ = 0;
  std::set<std::size_t> seen_;
};

// Programs that live through all of it.
struct Programs {
  explicit Programs(const Broker& broker)
      : printer(broker.printer()), consumer(broker.consumer()), producer(broker.producer({"-"})) {
    require_started(printer, "consumer", {consumer.pid()});
  }

  // A line given to the producer while there is no broker is with the consumer, and on the
  // terminal, soon after.
  Clock::duration expect_got(const std::string& name, Clock::time_point since) {
    const auto got = next_got(printer, 1);
    REQUIRE(names(got) == Args{name});
    CHECK(got[0].pid == consumer.pid());
    return got[0].at - since;
  }

  void expect_clean_end() {
    producer.close_input();
    CHECK(producer.wait() == 0);
    consumer.signal(SIGTERM);
    CHECK(consumer.wait() == 0);
    printer.signal(SIGTERM);
    CHECK(printer.wait() == 0);
  }

  Process printer, consumer, producer;
};

// An item that is confirmed, and held when the broker dies: it is lost, its producer is told, and
// its ack touches nothing that the next broker has.
class Doomed {
 public:
  explicit Doomed(const Broker& broker)
      : producer_(producer_of(broker, "doomed")), holder_(consumer_of(broker, {"doomed"})) {
    put();
  }

  void settle_too_late() { item_->ack(); }

  void expect_lost_and_go_on() {
    CHECK(producer_.join().lost == ++lost_);
    put();
    CHECK(item_->delivery_count() == 1);
    CHECK(item_->release());
    get();  // so it was there still
  }

 private:
  void put() {
    producer_.put("x");
    producer_.flush();
    get();
  }
  void get() {
    item_ = holder_.try_get(soon);
    REQUIRE(item_);
  }

  Producer producer_;
  Consumer holder_;
  std::optional<Item> item_;
  std::uint64_t lost_ = 0;
};

}  // namespace

TEST_SUITE("timed-waits") {
  TEST_CASE(
      "restart: a broker killed 20 times under load: clients go on in 2 s and know what was lost") {
    Mortal broker;
    Programs programs(*broker);
    Doomed doomed(*broker);
    Load load(*broker);
    std::vector<Clock::duration> times;
    for (int i = 0; i < restarts; ++i) {
      CAPTURE(i);
      REQUIRE(load.flows());
      broker.kill();
      const std::string name = "put while it was away " + std::to_string(i);
      programs.producer.write(name + "\n");
      doomed.settle_too_late();
      broker.start();
      times.push_back(programs.expect_got(name, Clock::now()));
      CHECK(milliseconds(times.back()) < goes_on_within);
      doomed.expect_lost_and_go_on();
    }
    REQUIRE(load.flows());
    const auto settled = load.finish();
    MESSAGE("from the broker's ready line to an item got, ms: median ", milliseconds(median(times)),
            ", max ", milliseconds(*std::max_element(times.begin(), times.end())));
    MESSAGE("load: put ", load.put(), ", done ", settled.done, ", lost ", settled.lost, ", got ",
            load.got());
    CHECK(settled.done + settled.lost == load.put());
    CHECK(settled.dead == 0);
    CHECK(load.distinct() + settled.lost >= load.put());  // what nobody got is known to be lost
    programs.expect_clean_end();
  }
}
