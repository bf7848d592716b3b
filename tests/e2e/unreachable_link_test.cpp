// The endpoints are open and the ports that items come by are not: the consumer and the broker say
// so.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/baton.hpp"
#include "tests/support/loopback.hpp"
#include "tests/support/ports.hpp"
#include "tests/support/relay.hpp"
#include "tests/support/show.hpp"

using namespace baton::internal::e2e;

namespace {

// A port of the relay's host that drops who comes, as a firewall does: one connection waits to be
// accepted, and there is no room for another.
class DroppingPort {
 public:
  explicit DroppingPort(std::uint16_t port) {
    const auto address = socket_address(Relay::here(), port);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    REQUIRE(bind(fds_[0], generic, sizeof address) == 0);
    REQUIRE(listen(fds_[0], 0) == 0);
    for (int i : {1, 2}) {
      fcntl(fds_[i], F_SETFL, O_NONBLOCK);
      static_cast<void>(connect(fds_[i], generic, sizeof address));
      pollfd item{fds_[i], POLLOUT, 0};
      if (i == 1) REQUIRE(poll(&item, 1, 5000) == 1);
    }
  }
  ~DroppingPort() {
    for (const int fd : fds_) close(fd);
  }
  DroppingPort(const DroppingPort&) = delete;
  DroppingPort& operator=(const DroppingPort&) = delete;

 private:
  static int make() { return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }
  int fds_[3] = {make(), make(), make()};
};

// A broker whose endpoints are passed on to its clients, but not its links; those of the relay,
// which nobody was told of, are.
struct Closed {
  explicit Closed(unsigned delivery_ports) : range(free_range(delivery_ports)) {
    relay.open_endpoints(static_cast<std::uint16_t>(std::stoi(broker.port())));
    broker.reach_through(Relay::here());
  }
  std::uint16_t first() const { return static_cast<std::uint16_t>(std::stoi(range)); }

  void check_said(Process& consumer) {
    const auto line = consumer.err().next();
    REQUIRE(line);
    const std::string begin = "waiting: cannot reach port ",
                      end = " of " + Relay::here() +
                            ", where its items come from: open it, or start the broker with "
                            "--delivery-ports A-B and publish these ports under the same numbers";
    CHECK_MESSAGE(line->text.starts_with(begin), line->text);
    CHECK_MESSAGE(line->text.ends_with(end), line->text);
    const auto port = std::stoi(line->text.substr(begin.size()));
    CHECK((port >= first() && port < first() + 20));
    const auto logged = broker.process().err().next_with("does not reach port ");
    REQUIRE(logged);
    CHECK_MESSAGE(logged->text.find("/" + std::to_string(consumer.pid())) != std::string::npos,
                  logged->text);
  }

  std::string range;
  Broker broker{{"--delivery-ports", range}};
  Relay relay{1};
};

}  // namespace

TEST_CASE("unreachable delivery link: ports that refuse or are published under other numbers") {
  Closed test(20);
  Process consumer = test.broker.consumer();
  test.check_said(consumer);
  CHECK_FALSE(consumer.err().next(1s));
  const auto log = test.broker.process().err().text();
  CHECK_MESSAGE(log.find("does not reach") == log.rfind("does not reach"), log);
}

TEST_CASE("unreachable delivery link: ports that drop what comes") {
  Closed test(4);
  std::vector<std::unique_ptr<DroppingPort>> ports;
  for (std::uint16_t i = 0; i < 4; ++i)
    ports.push_back(std::make_unique<DroppingPort>(static_cast<std::uint16_t>(test.first() + i)));
  Process consumer = test.broker.consumer();
  test.check_said(consumer);
}
