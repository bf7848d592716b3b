// What calls return when their client has ended: closed, or without a broker.
#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "tests/library/of.hpp"

using namespace baton::internal::e2e;
using namespace baton;

TEST_CASE("library: what waits for a broker that cannot be reached says so until it is closed") {
  const auto nowhere = [] {
    return Options().broker("127.0.0.1:9").name("nobody").connect_timeout(1ms);
  };
  constexpr auto unreachable = Status::unreachable;
  Producer producer(nowhere());
  CHECK(status_of([&] { producer.put("item"); }) == unreachable);
  CHECK(status_of([&] { producer.flush(); }) == unreachable);
  CHECK(status_of([&] { producer.join(); }) == unreachable);
  CHECK(status_of([&] { producer.print("line"); }) == unreachable);
  CHECK(status_of([&] { Input input(producer); }) == unreachable);
  CHECK(status_of([&] { producer.close(); }) == unreachable);
  CHECK(status_of([&] { producer.close(); }) == Status::ok);
  CHECK(status_of([&] { producer.put("item"); }) == Status::closed);

  Consumer consumer(nowhere());
  CHECK(status_of([&] { consumer.get(); }) == unreachable);
  CHECK(status_of([&] { static_cast<void>(consumer.get_batch(2)); }) == unreachable);
  CHECK(status_of([&] { consumer.run([](Item&) {}); }) == unreachable);
  CHECK(status_of([&] { consumer.flush(); }) == unreachable);
  CHECK(status_of([&] { consumer.print("line"); }) == unreachable);
  CHECK(status_of([&] { static_cast<void>(consumer.next_event(forever)); }) == unreachable);
  CHECK(baton_consumer_wait_stop(consumer.handle(), BATON_FOREVER) == BATON_UNREACHABLE);
  CHECK(consumer.wait_stop(forever));
  consumer.stop();
  CHECK(baton_consumer_wait_stop(consumer.handle(), BATON_NOW) == BATON_UNREACHABLE);
  CHECK(status_of([&] { consumer.close(); }) == unreachable);
  CHECK(status_of([&] { consumer.close(); }) == Status::ok);
  CHECK(baton_consumer_wait_stop(consumer.handle(), BATON_NOW) == BATON_CLOSED);
  CHECK_FALSE(consumer.get());

  Printer printer(nowhere());
  const auto write = [](std::string_view lines) { return lines.size(); };
  CHECK(status_of([&] { printer.run(write); }) == unreachable);
  CHECK(status_of([&] { printer.close(); }) == unreachable);
  CHECK(status_of([&] { printer.close(); }) == Status::ok);
  CHECK(status_of([&] { printer.run(write); }) == Status::ok);
}

TEST_CASE("library: a close by another thread ends the run of a printer") {
  Broker broker;
  for (const bool answers : {true, false}) {
    Printer printer(options_of(broker));
    Producer producer(options_of(broker));
    std::atomic<bool> prints = false;
    Status ended{};
    std::thread runs([&] {
      ended = status_of([&] {
        printer.run([&](std::string_view lines) {
          prints = true;
          return lines.size();
        });
      });
    });
    producer.print("line");
    while (!prints) std::this_thread::yield();
    producer.close();
    if (!answers) broker.process().signal(SIGSTOP);
    printer.close();
    runs.join();
    CHECK(ended == Status::ok);
  }
  broker.process().signal(SIGCONT);
}

TEST_CASE("library: after a close that was not confirmed a client is closed all the same") {
  Broker broker;
  Producer producer(options_of(broker));
  Consumer consumer(options_of(broker));
  producer.put("held");
  const auto held = consumer.get();
  REQUIRE(held);
  producer.flush();
  broker.process().signal(SIGSTOP);
  producer.put("item");
  CHECK(status_of([&] { producer.close(10ms); }) == Status::unconfirmed);
  CHECK(status_of([&] { consumer.close(Held::fail, "", forever); }) == Status::unconfirmed);
  broker.process().signal(SIGCONT);
  CHECK(status_of([&] { producer.close(); }) == Status::ok);
  CHECK(status_of([&] { producer.put("item"); }) == Status::closed);
  CHECK(status_of([&] { consumer.close(); }) == Status::ok);
  CHECK_FALSE(consumer.get());
  CHECK(baton_consumer_wait_stop(consumer.handle(), BATON_NOW) == BATON_CLOSED);
  CHECK(status_of([&] { consumer.flush(); }) == Status::closed);
  CHECK(held->stop_reason() == Status::closed);
}

TEST_CASE("library: a producer that was stopped and closed is closed") {
  Broker broker;
  Producer producer(options_of(broker));
  producer.stop();
  CHECK(status_of([&] { producer.put("item"); }) == Status::stopped);
  producer.close();
  CHECK(status_of([&] { producer.put("item"); }) == Status::closed);
}
