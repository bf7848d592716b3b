// What a broker says of itself: nothing in health, and how much is from before.
#include "tests/support/baton.hpp"
#include "tests/support/durable_broker.hpp"
#include "tests/support/loopback.hpp"

using namespace baton::internal::e2e;

TEST_CASE(
    "log: of a healthy system it is quiet, health checks and clients that come and go included") {
  Broker broker;
  const Args health{"--health", "--bind", loopback(), "--port", broker.port()};
  for (int i = 0; i < 3; ++i) CHECK(start("baton-broker", health).wait() == 0);
  Process consumer = broker.consumer();
  CHECK(broker.producer({"--wait", "Rick", "Morty"}).wait() == 0);
  consumer.signal(SIGTERM);
  CHECK(consumer.wait() == 0);
  broker.process().signal(SIGTERM);
  CHECK(broker.process().wait() == 0);
  CHECK(broker.process().err().text() == "");
}

TEST_CASE("log: the ready line says how many items are from before") {
  DurableBroker broker;
  CHECK(broker->process().out().text().find("from before") == std::string::npos);
  CHECK(broker->producer({"Rick", "Morty"}).wait() == 0);
  broker->process().signal(SIGTERM);
  CHECK(broker->process().wait() == 0);
  CHECK(broker->process().err().text() ==
        "baton-broker: 2 items came in; 2 were written to disk, the others were done before\n");
  broker.start();
  CHECK(broker->process().out().text().find(", 2 of them from before\n") != std::string::npos);
}
