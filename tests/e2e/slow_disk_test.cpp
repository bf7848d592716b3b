// A disk that takes its time: who leaves is answered all the same, also by a broker that ends at
// the same moment.
#include <latch>
#include <list>
#include <thread>

#include "tests/support/durable_broker.hpp"
#include "tests/support/library.hpp"
#include "tests/support/show.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

Args slow_by(const std::string& ms) {
  return {"/usr/bin/env", "LD_PRELOAD=" + program_path("test-slow-disk.so"), "SLOW_SYNC_MS=" + ms,
          "ASAN_OPTIONS=verify_asan_link_order=0"};
}

/// What one of many clients says when it cannot leave in peace; empty when it can.
template <class Client>
std::string leave(Client& client) {
  try {
    client.close();
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("slow disk: who leaves waits while the broker writes") {
  const TemporaryDirectory data;
  Broker broker({"--data", data.path()}, slow_by("6000"));
  Producer producer(producer_of(broker));
  producer.put("x");
  CHECK(leave(producer) == "");
}

TEST_CASE("slow disk: producers and consumers that end along with their broker leave in peace") {
  constexpr int each = 10, items = 20;
  const TemporaryDirectory data;
  Broker broker({"--data", data.path()}, slow_by("700"));
  std::list<Producer> producers;
  std::list<Consumer> consumers;
  for (int i = 0; i < each; ++i) {
    producers.emplace_back(producer_of(broker));
    consumers.emplace_back(consumer_of(broker));
  }
  for (auto& producer : producers)
    for (int i = 0; i < items; ++i) producer.put(std::to_string(i));
  for (auto& consumer : consumers) {
    auto item = consumer.try_get(soon);
    REQUIRE(item);
    item->ack();
  }
  std::latch now(2 * each + 1);
  std::list<std::string> said;
  std::list<std::thread> threads;
  const auto leaves = [&](auto& client) {
    threads.emplace_back([&now, &client, &answer = said.emplace_back()] {
      now.arrive_and_wait();
      answer = leave(client);
    });
  };
  for (auto& producer : producers) leaves(producer);
  for (auto& consumer : consumers) leaves(consumer);
  now.arrive_and_wait();
  broker.process().signal(SIGTERM);
  for (auto& thread : threads) thread.join();
  for (const auto& answer : said) CHECK(answer == "");
  CHECK(broker.process().wait() == 0);

  // All that they were told is so.
  Process check = start("baton-broker", {"--check", "--data", data.path()});
  CHECK(check.wait() == 0);
  CHECK(check.out().text().find(std::to_string(each * items - each) + " items") !=
        std::string::npos);
}
