// What a library must not do to the process that it is in, and what it does in a child of it.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>

#include <clocale>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "tests/library/of.hpp"

using namespace baton::internal::e2e;
using namespace baton;

namespace {

namespace fs = std::filesystem;

/// Each thread's id and its "SigBlk" mask.
std::vector<std::pair<pid_t, std::uint64_t>> threads() {
  std::vector<std::pair<pid_t, std::uint64_t>> all;
  for (const auto& task : fs::directory_iterator("/proc/self/task")) {
    std::ifstream status(task.path() / "status");
    for (std::string line; std::getline(status, line);)
      if (line.rfind("SigBlk:", 0) == 0)
        all.emplace_back(std::stoi(task.path().filename()),
                         std::stoull(line.substr(7), nullptr, 16));
  }
  return all;
}

/// The signals that are not in the mask, except those that nobody can block, and the C library's
/// own.
std::set<int> not_in(std::uint64_t mask) {
  std::set<int> signals;
  for (int number = 1; number < NSIG; ++number) {
    const bool special =
        number == SIGKILL || number == SIGSTOP || (number > SIGSYS && number < SIGRTMIN);
    if (!special && (mask >> (number - 1) & 1) == 0) signals.insert(number);
  }
  return signals;
}

std::string signals_and_limits() {
  std::ostringstream text;
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action {};
    if (sigaction(number, nullptr, &action) == 0)
      text << reinterpret_cast<std::uintptr_t>(action.sa_handler) << ' ';
  }
  for (int which = 0; which < RLIMIT_NLIMITS; ++which) {
    rlimit limit{};
    getrlimit(static_cast<__rlimit_resource>(which), &limit);
    text << limit.rlim_cur << '/' << limit.rlim_max << ' ';
  }
  return text.str() + setlocale(LC_ALL, nullptr);
}

}  // namespace

TEST_CASE("library: it changes no signal limit or locale and its threads get only their faults") {
  const auto before = signals_and_limits();
  Broker broker;
  const auto with_broker = threads();  // a thread reads what the broker says
  const Runtime runtime;
  Producer producer(options_of(broker).runtime(runtime));
  Consumer consumer(options_of(broker).runtime(runtime));
  producer.put("item");
  CHECK(consumer.get()->ack());
  CHECK(signals_and_limits() == before);
  const auto all = threads();
  CHECK(all.size() == with_broker.size() + 3);
  std::vector<std::set<int>> open;  // of each new thread
  for (const auto& [id, blocked] : all) {
    const bool known = std::any_of(with_broker.begin(), with_broker.end(),
                                   [&](auto& one) { return one.first == id; });
    if (!known) open.push_back(not_in(blocked));
  }
  std::sort(open.begin(), open.end());
  const std::set<int> none, faults{SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS};
  CHECK(open == std::vector{none, none, faults});  // two are libzmq's
}

TEST_CASE("library: in a child old handles say that they are forked and new ones work") {
  Broker broker;
  const Runtime runtime;
  const auto given = options_of(broker).runtime(runtime);
  Producer producer(given);
  auto consumer = std::make_unique<Consumer>(options_of(broker).runtime(runtime));
  producer.put("held");
  auto held = consumer->get();
  REQUIRE(held);
  const int failed = in_child([&] {
    if (status_of([&] { producer.put("late"); }) != Status::forked) return 1;
    if (status_of([&] { producer.flush(); }) != Status::forked) return 2;
    if (status_of([&] { consumer->get(); }) != Status::forked) return 3;
    if (status_of([&] { consumer->run([](Item&) {}); }) != Status::forked) return 4;
    if (status_of([&] { consumer->request(1); }) != Status::forked) return 5;
    if (held->stop_reason() != Status::forked) return 6;
    if (status_of([&] { held->ack(); }) != Status::forked) return 7;
    if (status_of([&] { consumer->close(); }) != Status::forked) return 8;
    if (status_of([&] { Producer(options_of(broker).runtime(runtime)); }) != Status::forked)
      return 10;
    if (status_of([&] { Options().runtime(runtime); }) != Status::forked) return 11;
    if (status_of([&] { Consumer another(given); }) != Status::forked) return 12;
    producer.interrupt();
    consumer.reset();
    Producer another(options_of(broker).runtime(Runtime()));
    another.put("of the child");
    if (!another.try_flush(soon)) return 9;
    return 0;
  });
  CHECK(failed == 0);
  CHECK(held->body() == "held");
  CHECK(held->ack());
  auto next = consumer->try_get(soon);
  REQUIRE(next);
  CHECK(next->body() == "of the child");
  CHECK(next->ack());
}

TEST_CASE("library: clients come and go on one runtime and the others are not disturbed") {
  Broker broker;
  const Runtime runtime;
  Producer producer(options_of(broker).runtime(runtime));
  for (int i = 0; i < 30; ++i) {
    producer.put("item");
    Consumer consumer(options_of(broker).runtime(runtime));
    const auto item = consumer.try_get(soon);
    REQUIRE(item);
  }  // the item fails with its consumer, and is another one's
  producer.put("last");
  CHECK(producer.try_flush(soon));
}

TEST_CASE("library: many handles of the parent are freed by several threads of a child") {
  Broker broker;
  std::vector<std::unique_ptr<Producer>> producers;
  const Runtime runtime;
  for (int i = 0; i < 32; ++i)
    producers.push_back(std::make_unique<Producer>(options_of(broker).runtime(runtime)));
  const int failed = in_child([&] {
    std::vector<std::thread> threads;
    for (int first = 0; first < 4; ++first)
      threads.emplace_back([&, first] {
        for (std::size_t i = static_cast<std::size_t>(first); i < producers.size(); i += 4)
          producers[i].reset();
      });
    for (auto& thread : threads) thread.join();
    return 0;
  });
  CHECK(failed == 0);
}
