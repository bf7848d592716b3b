// A broker that does not answer: what is looked for, why it is not found, and that it is there
// again.
#include <signal.h>

#include "tests/support/baton.hpp"
#include "tests/support/listener.hpp"
#include "tests/support/loopback.hpp"
#include "tests/support/show.hpp"

using namespace baton::internal::e2e;

namespace {

// What a printer says at its end that has looked for a broker at `address` for a moment.
std::string said_of(const std::string& address) {
  Process printer = start("baton-printer", {"--broker", address, "--connect-timeout", "0.7"});
  CHECK(printer.wait() == 2);
  return printer.err().text();
}

std::string port_beside(const Broker& broker, int distance) {
  return loopback() + ":" + std::to_string(std::stoi(broker.port()) + distance);
}

void check_says(const std::string& text, const std::string& part) {
  CHECK_MESSAGE(text.find(part) != text.npos, text);
}

}  // namespace

TEST_CASE("lookout: nobody listens") {
  const OtherPort nobody;
  CHECK(said_of(nobody.address()) == "baton-printer: no broker answers at " + nobody.address() +
                                         ": connection refused: nothing listens at port " +
                                         nobody.port() + " (is the broker started?)\n");
}

TEST_CASE("lookout: somebody else listens") {
  const OtherPort other("SSH-2.0-OpenSSH_9.2p1\r\n");
  check_says(said_of(other.address()),
             "what listens at port " + other.port() + " does not answer as a Baton broker does");
}

TEST_CASE("lookout: the port of another endpoint is given") {
  const Broker broker;
  for (const int distance : {-2, -1, 1, 2})
    check_says(said_of(port_beside(broker, distance)),
               "(or the broker has another port: its first line names it)");
}

TEST_CASE("lookout: what is looked for is said after a second and that it was found") {
  std::string port, address;
  {
    const Broker broker;
    port = broker.port(), address = broker.address();
  }
  Process consumer = start("baton-consumer", {"--broker", address, "--connect-timeout", "60"});
  const auto looking = consumer.err().next();
  REQUIRE(looking);
  CHECK(looking->text == "waiting: looking for a broker at " + address +
                             ": connection refused: nothing listens at port " + port +
                             " (is the broker started?)");
  const Broker broker({"--port", port});
  const auto found = consumer.err().next();
  REQUIRE(found);
  CHECK(found->text == "in contact with the broker at " + address);
}

TEST_CASE("lookout: contact is lost and is there again") {
  auto broker = std::make_unique<Broker>();
  const auto port = broker->port(), address = broker->address();
  Process printer = broker->printer(), consumer = broker->consumer();
  require_started(printer, "consumer", {consumer.pid()});
  broker.reset();
  CHECK(consumer.err().next_with("waiting: no contact with the broker at " + address +
                                 ": connection refused: nothing listens at port " + port));
  broker = std::make_unique<Broker>(Args{"--port", port});
  CHECK(consumer.err().next_with("in contact again with the broker at " + address));
}
