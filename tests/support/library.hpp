// Producers and consumers inside the test itself, for what no program shows.
#pragma once

#include "consumer/consumer.hpp"
#include "producer/producer.hpp"
#include "tests/support/baton.hpp"

namespace baton::internal::e2e {

inline ProducerOptions producer_of(const Broker& broker, const std::string& queue = "default") {
  ProducerOptions options;
  options.broker = parse_broker_address(broker.address());
  options.queue = queue;
  return options;
}

inline ConsumerOptions consumer_of(const Broker& broker,
                                   std::vector<std::string> queues = {"default"}) {
  ConsumerOptions options;
  options.broker = parse_broker_address(broker.address());
  options.queues = std::move(queues);
  return options;
}

/// The same deadline as for programs.
inline constexpr auto soon_ms = std::chrono::duration_cast<std::chrono::milliseconds>(soon);

}  // namespace baton::internal::e2e
