// --delivery-ports: as many consumers work as there are ports; the others say why they wait, and
// follow when one leaves.
#include <signal.h>

#include <map>
#include <set>

#include "tests/support/baton.hpp"
#include "tests/support/ports.hpp"
#include "tests/support/show.hpp"

using namespace baton::internal::e2e;

namespace {

constexpr std::size_t ports_in_all = 4;

// Consumers by their pids, some of which have a link.
class Crowd {
 public:
  Crowd(Broker& broker, std::size_t size) : printer_(broker.printer()) {
    for (std::size_t i = 0; i < size; ++i) {
      Process process = broker.consumer({"--work", "1.5:1.5"});
      waiting_.emplace(process.pid(), std::move(process));
    }
  }

  // The printer says of so many more that they started.
  void expect_started(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto line = printer_.out().next_with("Starting consumer => ");
      REQUIRE(line);
      const pid_t pid = std::stoi(line->text.substr(line->text.rfind(' ')));
      REQUIRE(waiting_.contains(pid));
      working_.insert(waiting_.extract(pid));
    }
    CHECK_FALSE(printer_.out().next_with("Starting consumer", 500ms));
  }

  // Each of those that started gets one of `links` items: none is at work on another.
  void expect_all_work(const Broker& broker) {
    Process producer = broker.producer({"--wait", "a", "b", "c", "d"});
    std::set<pid_t> pids;
    for (const Got& got : next_got(printer_, ports_in_all)) pids.insert(got.pid);
    CHECK(pids.size() == ports_in_all);
    for (const auto& [pid, process] : working_) CHECK(pids.contains(pid));
    CHECK(producer.wait() == 0);
  }

  Process take_worker() { return std::move(working_.extract(working_.begin()).mapped()); }
  std::map<pid_t, Process>& waiting() { return waiting_; }

 private:
  Process printer_;
  std::map<pid_t, Process> waiting_, working_;
};

}  // namespace

TEST_CASE(
    "delivery links: of 6 consumers at 4 ports 4 work and 2 say why they wait and follow those "
    "that leave") {
  Broker broker({"--delivery-ports", free_range(ports_in_all)});
  Crowd crowd(broker, 6);
  crowd.expect_started(ports_in_all);
  crowd.expect_all_work(broker);
  for (auto& [pid, process] : crowd.waiting()) {
    const auto line = process.err().next_with("no delivery port left");
    REQUIRE_MESSAGE(line, process.err().text());
    CHECK_MESSAGE(line->text.starts_with("waiting: "), line->text);
  }

  Process leaves = crowd.take_worker();
  leaves.signal(SIGTERM);
  CHECK(leaves.wait() == 0);
  crowd.expect_started(1);
  crowd.expect_all_work(broker);

  crowd.take_worker().signal(SIGKILL);
  crowd.expect_started(1);
  crowd.expect_all_work(broker);
}
