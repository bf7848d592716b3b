// fork() in a process that has clients: theirs are the parent's, the children make their own.
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <baton/printer.hpp>
#include <set>

#include "os/forks.hpp"
#include "tests/support/library.hpp"
#include "tests/support/show.hpp"

using namespace baton;
using namespace baton::internal;
using namespace baton::internal::e2e;

namespace {

// Runs `body` in a child, which leaves with what it returns.
template <class Body>
pid_t fork_off(Body body) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  alarm(30);
  int code = 99;
  try {
    code = body();
  } catch (...) {
  }
  _exit(code);
}

// The child's exit code; -1 when it does not end.
int code_of(pid_t pid) {
  pollfd ended{static_cast<int>(syscall(SYS_pidfd_open, pid, 0)), POLLIN, 0};
  const bool in_time = poll(&ended, 1, 20'000) == 1;
  close(ended.fd);
  if (!in_time) ::kill(pid, SIGKILL);
  int status = 0;
  waitpid(pid, &status, 0);
  return in_time && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

template <class Call>
bool throws_forked(Call call) {
  try {
    call();
    return false;
  } catch (const Error& error) {
    return error.status() == Status::forked;
  }
}

std::multiset<std::string> get_all(Consumer& consumer, std::size_t count) {
  std::multiset<std::string> bodies;
  while (bodies.size() < count) {
    auto item = consumer.try_get(soon);
    if (!item) break;
    bodies.emplace(item->body());
    item->ack();
  }
  return bodies;
}

}  // namespace

TEST_CASE("fork: a process is known by a number of its own, its children by others") {
  const auto parents = process_number();
  CHECK(process_number() == parents);
  std::set<std::uint64_t> numbers{parents};
  for (int i = 0; i < 2; ++i) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const auto child = fork_off([&] {
      const auto number = process_number();
      return write(ends[1], &number, sizeof number) == sizeof number && number == process_number()
                 ? 0
                 : 1;
    });
    std::uint64_t number = 0;
    CHECK(code_of(child) == 0);
    CHECK(read(ends[0], &number, sizeof number) == sizeof number);
    numbers.insert(number);
    close(ends[0]);
    close(ends[1]);
  }
  CHECK(numbers.size() == 3);
}

TEST_CASE("fork: each use of a parent's client throws at once and its end lets go") {
  const Broker broker;
  auto producer = std::make_unique<Producer>(producer_of(broker));
  auto consumer = std::make_unique<Consumer>(consumer_of(broker));
  auto printer = std::make_unique<Printer>(producer_of(broker));
  producer->put("before");
  producer->flush();
  const pid_t child = fork_off([&] {
    const bool all =
        throws_forked([&] { producer->put("child"); }) &&
        throws_forked([&] { producer->flush(); }) && throws_forked([&] { producer->join(); }) &&
        throws_forked([&] { producer->close(); }) &&
        throws_forked([&] { static_cast<void>(consumer->get()); }) &&
        throws_forked([&] { consumer->run([](const Item&) {}); }) &&
        throws_forked([&] { consumer->print("child"); }) &&
        throws_forked([&] { printer->run([](std::string_view lines) { return lines.size(); }); });
    producer.reset();
    consumer.reset();
    printer.reset();
    return all ? 0 : 1;
  });
  CHECK(code_of(child) == 0);
  producer->put("after");
  CHECK(get_all(*consumer, 2) == std::multiset<std::string>{"before", "after"});
  CHECK(producer->join().done == 2);
}

TEST_CASE("fork: children forked off beforehand make clients of their own") {
  const Broker broker;
  Producer producer(producer_of(broker));
  Consumer consumer(consumer_of(broker));
  producer.put("parent");
  std::vector<pid_t> children;
  std::multiset<std::string> expected{"parent"};
  for (int i = 0; i < 4; ++i) {
    const auto body = "child " + std::to_string(i);
    expected.insert(body);
    children.push_back(fork_off([&] {
      Producer own(producer_of(broker));
      own.put(body);
      own.close();
      return 0;
    }));
  }
  for (const pid_t child : children) CHECK(code_of(child) == 0);
  CHECK(get_all(consumer, 5) == expected);
}

TEST_CASE("fork: a daemon makes its client when it is one") {
  const Broker broker;
  Consumer consumer(consumer_of(broker));
  const pid_t parent = fork_off([&] {
    Producer before(producer_of(broker));
    if (daemon(1, 1) != 0) return 1;
    const bool thrown = throws_forked([&] { before.put("too early"); });
    Producer own(producer_of(broker));
    own.put(thrown ? "daemon" : "not thrown");
    own.close();
    return 0;
  });
  CHECK(code_of(parent) == 0);
  CHECK(get_all(consumer, 1) == std::multiset<std::string>{"daemon"});
}

TEST_CASE("fork: a handler that forks ends its run in the child") {
  const Broker broker;
  Producer producer(producer_of(broker));
  Consumer consumer(consumer_of(broker));
  producer.put("item");
  pid_t child = -1;
  const auto run = [&] { consumer.run([&](const Item&) { child = fork(); }, {.count = 1}); };
  const bool forked = throws_forked(run);
  if (child == 0) _exit(forked ? 0 : 1);
  CHECK_FALSE(forked);
  CHECK(code_of(child) == 0);
  CHECK(producer.join().done == 1);
}
