// Producers and consumers inside the test itself, by the library's public headers.
#pragma once

#include <baton/consumer.hpp>
#include <baton/producer.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/baton.hpp"

namespace baton::internal::e2e {

inline Options producer_of(const Broker& broker, const std::string& queue = "default") {
  return std::move(Options().broker(broker.address()).queue(queue));
}

inline Options consumer_of(const Broker& broker,
                           const std::vector<std::string>& queues = {"default"}) {
  auto options = producer_of(broker, queues.front());
  for (std::size_t i = 1; i < queues.size(); ++i) options.add_queue(queues[i]);
  return options;
}

/// Waits for an item; nothing when interrupt() or the system's end ends the wait.
inline std::optional<Item> get_until_interrupted(Consumer& consumer) {
  try {
    return consumer.get();
  } catch (const Error& error) {
    if (error.status() != Status::interrupted) throw;
    return std::nullopt;
  }
}

}  // namespace baton::internal::e2e
