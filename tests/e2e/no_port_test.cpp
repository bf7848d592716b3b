// More consumers than there are ports for their links.
#include <signal.h>

#include "tests/support/baton.hpp"
#include "tests/support/show.hpp"
#include "tests/support/tcp.hpp"

using namespace baton::internal::e2e;

namespace {

constexpr const char* no_delivery_port = "no delivery port left";

struct OnePort {
  OnePort() : port(free_port()), broker({"--delivery-ports", port + "-" + port}) {
    require_started(printer, "consumer", {first.pid()});
    Process producer = broker.producer({"a"});
    REQUIRE(names(next_got(printer, 1)) == Args{"a"});  // it has the link
    REQUIRE(producer.wait() == 0);
  }

  std::string port;
  Broker broker;
  Process printer = broker.printer(), first = broker.consumer();
};

}  // namespace

TEST_CASE("no delivery port left: a consumer says so once and takes over when there is one") {
  OnePort test;
  Process second = test.broker.consumer();
  REQUIRE(second.err().next_with(no_delivery_port));
  CHECK(test.broker.process().err().next_with("(4 times)"));
  test.first.signal(SIGTERM);
  CHECK(test.first.wait() == 0);
  Process producer = test.broker.producer({"b"});
  CHECK(names(next_got(test.printer, 1)) == Args{"b"});
  CHECK_FALSE_MESSAGE(second.err().next_with(no_delivery_port, 1ms), second.err().text());
  CHECK(test.broker.process().err().text().find("is gone") == std::string::npos);
}

TEST_CASE("no delivery port left: SIGTERM to a consumer that waits for one ends it at once") {
  OnePort test;
  Process second = test.broker.consumer();
  REQUIRE(second.err().next_with(no_delivery_port));
  const auto begin = Clock::now();
  second.signal(SIGTERM);
  CHECK(second.wait() == 0);
  CHECK(milliseconds(Clock::now() - begin) < 2000);
}
