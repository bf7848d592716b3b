// Clients of a process that share a Runtime.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <vector>

#include "tests/support/library.hpp"
#include "tests/support/show.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

std::size_t entries_of(const char* directory) {
  using std::filesystem::directory_iterator;
  return static_cast<std::size_t>(
      std::distance(directory_iterator(directory), directory_iterator()));
}

}  // namespace

TEST_CASE("runtime: a hundred clients that share one take three threads") {
  Broker broker;
  const auto threads = entries_of("/proc/self/task"), files = entries_of("/proc/self/fd");
  const Runtime runtime;
  constexpr std::size_t each = 50;
  std::vector<std::unique_ptr<Producer>> producers;
  std::vector<std::unique_ptr<Consumer>> consumers;
  for (std::size_t i = 0; i < each; ++i) {
    auto of_producer = producer_of(broker);
    of_producer.runtime(runtime);
    producers.push_back(std::make_unique<Producer>(of_producer));
    auto of_consumer = consumer_of(broker);
    of_consumer.runtime(runtime);
    consumers.push_back(std::make_unique<Consumer>(of_consumer));
  }
  std::vector<std::string> put, got;
  for (std::size_t i = 0; i < each; ++i) put.push_back(std::to_string(i));
  for (std::size_t i = 0; i < each; ++i) producers[i]->put(put[i]);
  for (auto& producer : producers) producer->flush();
  for (auto& consumer : consumers) {
    auto item = consumer->try_get(soon);
    REQUIRE(item);
    got.emplace_back(item->body());
    CHECK(item->ack());
  }
  std::sort(put.begin(), put.end());
  std::sort(got.begin(), got.end());
  CHECK(got == put);
  for (auto& producer : producers) producer->join();
  CHECK(entries_of("/proc/self/task") <= threads + 3);
  MESSAGE("descriptors a client: ", (entries_of("/proc/self/fd") - files) / (2 * each));
  for (auto& producer : producers) producer->close();
  for (auto& consumer : consumers) consumer->close();
}

TEST_CASE("runtime: a client that ends leaves the others at work") {
  Broker broker;
  const Runtime runtime;
  auto options = producer_of(broker);
  options.runtime(runtime);
  Producer stays(options);
  for (int i = 0; i < 20; ++i) {
    Producer goes(options);
    goes.put("of one that goes");
    stays.put("of one that stays");
    goes.close();
  }
  auto consumer = consumer_of(broker);
  consumer.runtime(runtime);
  Consumer gets(consumer);
  for (int i = 0; i < 40; ++i) {
    auto item = gets.try_get(soon);
    REQUIRE(item);
    item->ack();
  }
  CHECK(stays.join().done == 20);
}
