// Why items failed is kept on disk, not in the broker's memory.
#include "proto/limits.hpp"
#include "tests/support/durable_broker.hpp"
#include "tests/support/library.hpp"
#include "tests/support/show.hpp"

using namespace baton;
using namespace baton::internal;
using namespace baton::internal::e2e;

namespace {

const int items = static_cast<int>(number_of("BATON_REASONS", 30'000));

void put_and_go(const Broker& broker) {
  auto options = producer_of(broker);
  options.name("load-1");
  Producer producer(options);
  for (int i = 0; i < items; ++i) producer.put(std::to_string(i));
  producer.close();
}

void fail_all(Consumer& consumer) {
  for (int i = 0; i < items; ++i) {
    auto item = consumer.try_get(soon);
    REQUIRE(item);
    item->fail(std::string(max_reason, 'x'), 100ms);
  }
}

}  // namespace

TEST_CASE("reasons: items that fail with long ones cost the broker little memory") {
  DurableBroker broker({"--max-attempts", "2", "--max-dead", "10", "--max-memory", "64M"});
  put_and_go(*broker);
  auto options = consumer_of(*broker);
  options.prefetch(1000);
  Consumer consumer(options);
  const auto before = broker->process().memory();
  fail_all(consumer);  // they live on, each with its reason
  fail_all(consumer);  // and are dead, each worth a notice to a producer that is away
  consumer.close();
  const auto after = broker->process().memory();
  MESSAGE("", before >> 20, " MiB before, ", after >> 20, " MiB after");
  if (memory_counts) CHECK(after < before + (96u << 20));
  CHECK(broker->process().err().text().find(std::string(100, 'x')) != std::string::npos);
}
