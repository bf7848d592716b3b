// Connections that break, or fall silent one way, while there is work: nothing is lost, nothing is
// done twice.
#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <utility>

#include "tests/support/library.hpp"
#include "tests/support/relay.hpp"
#include "tests/support/show.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

constexpr std::size_t ordinary_faults = 100;
constexpr std::size_t delivery_ports = 500;  // each rests for a minute when its link has broken
constexpr auto at_the_latest = 60s;          // for the end of all that is under way
constexpr std::size_t line_size = 200;       // of a producer's input: its pipe holds few items then
constexpr std::size_t most_on_a_link = 7;    // of these consumers': jobs and prefetch
const Args limits{"--max-items", "200", "--consumers", "4", "--producers", "2", "--exit-when-done"};

std::size_t faults() { return number_of("BATON_LINK_FAULTS", ordinary_faults); }

std::uint64_t seed() { return number_of("BATON_LINK_SEED", std::random_device{}()); }

/// "A-17", and dots up to line_size.
std::string body(const std::string& producer, std::uint64_t number) {
  std::string text = producer + "-" + std::to_string(number) + " ";
  text.resize(line_size, '.');
  return text;
}

std::string name_of(std::string_view body) { return std::string(body.substr(0, body.find(' '))); }

/// Waits for what runs in `task`. Fails when it is not through in time; `give_up` makes it end
/// then.
template <class GiveUp>
void require_in_time(std::future<void>& task, const std::string& what, GiveUp give_up) {
  const bool in_time = task.wait_for(at_the_latest) == std::future_status::ready;
  CHECK_MESSAGE(in_time, what, " hangs");
  if (!in_time) give_up();
  task.get();
}

/// A producer that puts until it is told that it is enough, and then waits until all is done.
class Source {
 public:
  using Put = std::function<void(const std::string&)>;
  using Finish = std::function<void(std::uint64_t count)>;

  /// `finish` waits until all is done, and checks it; `give_up` makes both others end.
  Source(std::string name, const Put& put, Finish finish, std::function<void()> give_up)
      : name_(std::move(name)), finish_(std::move(finish)), give_up_(std::move(give_up)) {
    putting_ = std::async(std::launch::async, [this, put] {
      for (; !enough_; ++count_) put(body(name_, count_ + 1));
    });
  }
  ~Source() {
    enough_ = true;
    if (putting_.valid() && putting_.wait_for(0s) != std::future_status::ready) give_up_();
  }

  void enough() {
    enough_ = true;
    require_in_time(putting_, name_, give_up_);
  }
  void require_all_done() {
    auto finished = std::async(std::launch::async, [this] { finish_(count_); });
    require_in_time(finished, name_, give_up_);
  }
  const std::string& name() const { return name_; }
  std::uint64_t count() const { return count_; }

 private:
  const std::string name_;
  const Finish finish_;
  const std::function<void()> give_up_;
  std::atomic<bool> enough_ = false;
  std::uint64_t count_ = 0;
  std::future<void> putting_;
};

std::unique_ptr<Source> program_source(const Broker& broker, const std::string& name) {
  const auto process = std::make_shared<Process>(broker.producer({"--wait", "--raw", "-"}));
  return std::make_unique<Source>(
      name, [process](const std::string& body) { process->write(body + '\n'); },
      [process](std::uint64_t) {
        process->close_input();
        CHECK_MESSAGE(process->wait(at_the_latest) == 0, process->err().text());
      },
      [process] { process->signal(SIGKILL); });
}

std::unique_ptr<Source> library_source(const Broker& broker, const std::string& name) {
  const auto producer = std::make_shared<Producer>(producer_of(broker));
  return std::make_unique<Source>(
      name, [producer](const std::string& body) { producer->put(body); },
      [producer](std::uint64_t count) {
        const auto settled = producer->join();
        CHECK(settled.done == count);
        CHECK(settled.dead + settled.lost == 0);
        producer->close();
      },
      [producer] { producer->stop(); });
}

struct Received {
  std::string name;
  std::uint32_t deliveries;
};

/// A consumer that says of each item that it got it, works on it for some milliseconds, and acks.
class Worker {
 public:
  Worker(const Broker& broker, std::string name, std::uint32_t jobs, std::uint32_t prefetch)
      : name_(std::move(name)), jobs_(jobs), consumer_(options(broker, prefetch)) {
    working_ = std::async(std::launch::async, [this] { work(); });
  }
  ~Worker() { consumer_.stop(); }

  /// The system has shut down.
  void wait() {
    require_in_time(working_, name_, [this] { consumer_.stop(); });
    consumer_.close();
  }
  const std::string& name() const { return name_; }
  bool one_by_one() const { return jobs_ == 1; }
  const std::vector<Received>& received() const { return received_; }
  std::size_t received_so_far() {
    const std::lock_guard lock(mutex_);
    return received_.size();
  }
  std::string line(std::size_t i) const {
    return name_ + " " + std::to_string(i + 1) + " got " + received_[i].name;
  }

 private:
  static Options options(const Broker& broker, std::uint32_t prefetch) {
    auto options = consumer_of(broker);
    options.prefetch(prefetch);
    return options;
  }
  void work() {
    RunOptions run;
    run.jobs = jobs_;
    consumer_.run([this](const Item& item) { handle(item); }, run);
  }
  void handle(const Item& item) {
    {
      const std::lock_guard lock(mutex_);
      received_.push_back({name_of(item.body()), item.delivery_count()});
      consumer_.print(line(received_.size() - 1));
    }
    consumer_.wait_stop(std::chrono::milliseconds(2 + item.id() % 5));
  }

  const std::string name_;
  const std::uint32_t jobs_;
  std::mutex mutex_;
  std::vector<Received> received_;
  Consumer consumer_;
  std::future<void> working_;
};

/// The whole system, with the relay between the broker and everybody else.
struct System {
  System() : relay(delivery_ports), broker(arguments(relay)) {
    relay.open_endpoints(static_cast<std::uint16_t>(std::stoi(broker.port())));
    broker.reach_through(Relay::here());
    printer = std::make_unique<Process>(broker.printer());
    workers.push_back(std::make_unique<Worker>(broker, "C1", 1, 0));
    workers.push_back(std::make_unique<Worker>(broker, "C2", 1, 4));
    workers.push_back(std::make_unique<Worker>(broker, "C3", 3, 0));
    workers.push_back(std::make_unique<Worker>(broker, "C4", 3, 4));
    sources.push_back(program_source(broker, "A"));
    sources.push_back(library_source(broker, "B"));
  }
  static Args arguments(const Relay& relay) {
    Args args{"--delivery-ports", relay.delivery_ports()};
    args.insert(args.end(), limits.begin(), limits.end());
    return args;
  }

  void suffer(const Trouble& trouble, Clock::duration within) {
    MESSAGE("seed ", trouble.seed);
    relay.disturb(trouble);
    REQUIRE(relay.wait_calm(within));
  }
  /// No more is put; what was put is done; the system ends.
  void end() {
    for (auto& source : sources) source->enough();
    for (auto& source : sources) source->require_all_done();
    for (auto& worker : workers) worker->wait();
    REQUIRE_MESSAGE(broker.process().wait(at_the_latest) == 0, broker.process().err().text());
    REQUIRE_MESSAGE(printer->wait(at_the_latest) == 0, printer->err().text());
  }

  Relay relay;
  Broker broker;
  std::unique_ptr<Process> printer;
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<std::unique_ptr<Source>> sources;
};

void report(const System& system) {
  const auto troubled = system.relay.troubled();
  const char* kinds[] = {"put", "control", "notifications", "delivery"};
  std::string text;
  for (std::size_t i = 0; i < channel_kinds; ++i)
    text += std::string(", ") + kinds[i] + " " + std::to_string(troubled.of[i].resets) +
            " resets " + std::to_string(troubled.of[i].silences) + " silences";
  std::uint64_t items = 0;
  for (const auto& source : system.sources) items += source->count();
  MESSAGE(troubled.faults(), " faults on ", troubled.connections, " connections, ", items, " items",
          text);
}

/// How often each item was got in all, and how often with attempt 1.
struct Tally {
  explicit Tally(const System& system) {
    for (const auto& worker : system.workers)
      for (const auto& one : worker->received()) {
        ++got[one.name];
        first[one.name] += one.deliveries == 1;
        again += one.deliveries > 1;
      }
  }
  std::map<std::string, int> got, first;
  std::size_t again = 0;  // deliveries that were not the first attempt
};

void check_nothing_lost(const System& system, const Tally& tally) {
  std::uint64_t all = 0, lost = 0;
  for (const auto& source : system.sources)
    for (std::uint64_t number = 1; number <= source->count(); ++number, ++all)
      lost += !tally.got.contains(source->name() + "-" + std::to_string(number));
  CHECK(lost == 0);
  CHECK(tally.got.size() == all);
}

/// First attempts that a consumer, which takes one item after the other, got behind a later one of
/// the same producer. `until` says of each worker how many of what it received count.
std::size_t out_of_place(const System& system, const std::vector<std::size_t>& until) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < until.size(); ++i) {
    if (!system.workers[i]->one_by_one()) continue;
    std::map<char, std::uint64_t> last;
    for (std::size_t j = 0; j < until[i]; ++j) {
      const auto& one = system.workers[i]->received()[j];
      const auto number = std::stoull(one.name.substr(2));
      count += one.deliveries == 1 && number < last[one.name[0]];
      last[one.name[0]] = std::max<std::uint64_t>(last[one.name[0]], number);
    }
  }
  return count;
}

/// What was delivered on a link that broke comes back without a failure, and goes to somebody
/// else: behind later items, but no more of them than are on a link at a time.
void check_order(const System& system) {
  std::vector<std::size_t> all;
  for (const auto& worker : system.workers) all.push_back(worker->received().size());
  const auto behind = out_of_place(system, all);
  MESSAGE("", behind, " items came behind later ones, from broken delivery links");
  CHECK(behind <= system.relay.troubled().connections * most_on_a_link);
}

/// Each consumer's lines, all of them, in its order; nothing else but what programs say of
/// themselves.
void check_console(const System& system) {
  std::map<std::string, std::vector<std::string>> said;
  std::size_t other = 0;
  for (const auto& line : system.printer->out().lines()) {
    if (line.text.starts_with("C"))
      said[line.text.substr(0, 2)].push_back(line.text);
    else
      ++other;
  }
  CHECK(other == 3);  // the producer program's two, and the parent's
  for (const auto& worker : system.workers) {
    const auto& lines = said[worker->name()];
    CAPTURE(worker->name());
    REQUIRE(lines.size() == worker->received().size());
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) wrong += lines[i] != worker->line(i);
    CHECK(wrong == 0);
  }
}

/// By what the broker said.
std::size_t sessions_lost(System& system) {
  return occurrences(system.broker.process().err().text(), " is gone: ");
}

}  // namespace

TEST_CASE(
    "connections: broken and silent at random under load nothing is lost or handed out again") {
  System system;
  Trouble trouble;
  trouble.seed = seed();
  trouble.every = 130ms;
  trouble.faults = faults() / 2;
  trouble.channels = {Channel::put, Channel::control, Channel::notifications};
  trouble.longest = 1500ms;  // no client misses so much news that it makes its link again
  system.suffer(trouble, 30s + trouble.faults * 1s);
  std::vector<std::size_t> before_links_broke;
  for (const auto& worker : system.workers) before_links_broke.push_back(worker->received_so_far());

  trouble.faults = faults() - faults() / 2;
  trouble.channels = {Channel::put, Channel::control, Channel::notifications, Channel::delivery,
                      Channel::delivery};
  trouble.longest = 2s;
  system.suffer(trouble, 30s + trouble.faults * 1s);
  system.end();
  report(system);
  const Tally tally(system);
  check_nothing_lost(system, tally);
  CHECK(std::all_of(tally.got.begin(), tally.got.end(),
                    [](const auto& one) { return one.second == 1; }));
  CHECK(tally.again == 0);
  CHECK(out_of_place(system, before_links_broke) == 0);
  check_order(system);
  check_console(system);
  const auto log = system.broker.process().err().text();
  if (times_count)
    CHECK_MESSAGE(log.find("is gone") == log.npos,
                  log);  // nobody came back later than the broker waits
}

TEST_CASE(
    "connections: silent for longer than a session lives nothing is lost and what comes again says "
    "so") {
  System system;
  Trouble trouble;
  trouble.seed = seed();
  trouble.faults = 10;
  trouble.every = 800ms;
  trouble.resets = 0;
  trouble.shortest = 3200ms;
  trouble.longest = trouble.longest_up = 5s;
  system.suffer(trouble, 60s);
  system.end();
  report(system);
  const Tally tally(system);
  MESSAGE(tally.again, " deliveries were not the first");
  check_nothing_lost(system, tally);
  // What a session's last requests said was begun comes again as another attempt. What it began
  // after them may not.
  std::size_t unsaid = 0;
  for (const auto& [name, first] : tally.first) unsaid += static_cast<std::size_t>(first > 1);
  CHECK(unsaid <= sessions_lost(system) * most_on_a_link);
  check_order(system);
  check_console(system);
}
