// Names that cannot be resolved, soon or at all; and times without limit.
#include <signal.h>

#include <thread>

#include "tests/support/library.hpp"
#include "tests/support/namespace.hpp"
#include "tests/support/show.hpp"
#include "tests/support/skip.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

/// A network whose name server has an address and never answers: getaddrinfo() takes 20 s to give
/// up.
struct DeadNameServer {
  TemporaryFile hosts{"127.0.0.1 localhost\n"}, resolv{"nameserver 192.0.2.1\n"};
  Namespace network{
      "ip link add near type veth peer name far; ip address add 192.0.2.2/24 dev near; ip link set "
      "near up;"
      "ip link set far up; ip neighbour add 192.0.2.1 lladdr 02:00:00:00:00:01 dev near;"
      "mount --bind " +
      resolv.path() + " /etc/resolv.conf; mount --bind " + hosts.path() + " /etc/hosts"};
};

const Args looking{"--broker", "broker.example", "--connect-timeout", "1"};

}  // namespace

TEST_CASE("resolve: a name that nobody knows is said to be the cause") {
  Process printer =
      start("baton-printer", {"--broker", "no-such-host.invalid", "--connect-timeout", "1"});
  CHECK(printer.wait() == 2);
  CHECK(printer.err().next_with("cannot resolve no-such-host.invalid: "));
}

TEST_SUITE("timed-waits") {
  TEST_CASE("resolve: the connect timeout holds while the name server is dead") {
    const DeadNameServer dead;
    SKIP_UNLESS(dead.network.why_not().empty(), dead.network.why_not());
    const auto begin = Clock::now();
    Process consumer = dead.network.start("baton-consumer", looking);
    CHECK(consumer.wait() == 2);
    CHECK(milliseconds(Clock::now() - begin) < 3000);
    CHECK_MESSAGE(consumer.err().next_with("cannot resolve broker.example"), consumer.err().text());
  }

  TEST_CASE("resolve: SIGTERM ends a client at once while the name server is dead") {
    const DeadNameServer dead;
    SKIP_UNLESS(dead.network.why_not().empty(), dead.network.why_not());
    Process consumer = dead.network.start(
        "baton-consumer", {"--broker", "broker.example", "--connect-timeout", "60"});
    REQUIRE(consumer.err().next_with("cannot resolve broker.example"));
    const auto begin = Clock::now();
    consumer.signal(SIGTERM);
    CHECK(consumer.wait() == 0);
    CHECK(milliseconds(Clock::now() - begin) < 1000);
  }
}

TEST_CASE("time limits: the largest of any unit is no limit, nor is a negative one") {
  Broker broker;
  Consumer consumer(consumer_of(broker));
  Producer producer(producer_of(broker));
  std::thread sleeper([&] { CHECK(consumer.wait_stop(std::chrono::hours::max())); });
  for (const auto limit : {std::chrono::milliseconds::max(), std::chrono::milliseconds::min()}) {
    std::thread putter([&] { producer.put("late"); });
    auto item = consumer.try_get(limit);
    putter.join();
    CHECK((item && item->ack()));
  }
  CHECK_FALSE(consumer.wait_stop(0s));
  consumer.stop();
  sleeper.join();
}
