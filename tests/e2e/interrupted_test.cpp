// Signal handlers that run in the midst of whatever the programs wait for.

#include <doctest/doctest.h>

#include <csignal>

#include "tests/support/baton.hpp"

using namespace baton::internal::e2e;

TEST_CASE("a signal handler that runs in a program's calls is nothing to it") {
  constexpr int rounds = 1000;
  const Args handler{"/usr/bin/env", "LD_PRELOAD=" + program_path("test-handler.so"),
                     "ASAN_OPTIONS=verify_asan_link_order=0"};
  TemporaryDirectory data;
  Broker broker({"--data", data.path()}, handler);
  const auto client = [&](const std::string& program, Args args = {}) {
    args.insert(args.begin(), {"--broker", broker.address()});
    return start(program, args, handler);
  };
  auto printer = client("baton-printer"), consumer = client("baton-consumer"),
       producer = client("baton-producer", {"-"});
  for (int i = 0; i < rounds; ++i) {
    const auto name = "item" + std::to_string(i);
    producer.write(name + "\n");
    for (auto* process : {&broker.process(), &printer, &consumer, &producer})
      if (i > 0) process->signal(SIGUSR1);  // all of them are there by then
    REQUIRE_MESSAGE(printer.out().next_with(" got " + name),
                    "broker: ", broker.process().err().text(),
                    ", producer: ", producer.err().text(), ", consumer: ", consumer.err().text(),
                    ", printer: ", printer.err().text());
  }
  producer.close_input();
  CHECK(producer.wait() == 0);
  for (auto* process : {&consumer, &printer, &broker.process()}) {
    process->signal(SIGTERM);
    CHECK(process->wait() == 0);
    CHECK(process->err().text().find("nterrupted") == std::string::npos);
  }
}
