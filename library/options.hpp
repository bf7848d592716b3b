// The option objects of the C interface, and the options derived from them.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "baton/baton.h"
#include "client/runtime.hpp"
#include "consumer/consumer.hpp"
#include "producer/producer.hpp"

struct baton_runtime {
  std::shared_ptr<baton::internal::Runtime> runtime;
};

struct baton_options {
  std::optional<baton::internal::BrokerAddress> broker;  // unset: from the environment
  baton::internal::ClientOptions client;                 // without a broker and a log
  std::vector<std::string> queues = {"default"};
  std::string name;
  std::uint32_t prefetch = 0;
  baton_log_callback log = nullptr;
  void* log_context = nullptr;
};

struct baton_put_options {
  baton::internal::PutOptions put;
};

struct baton_run_options {
  baton::internal::RunOptions run;
};

namespace baton::internal::capi {

/// BATON_FOREVER and all negative numbers mean without limit.
inline TimeLimit time_limit(std::int64_t timeout_ms) {
  return timeout_ms < 0 ? TimeLimit(Duration::max())
                        : TimeLimit(std::chrono::milliseconds(timeout_ms));
}

/// nullptr: the defaults. Throws std::invalid_argument if BATON_BROKER is not an address, and
/// ClientError (argument).
ProducerOptions producer_options(const baton_options* options);
ConsumerOptions consumer_options(const baton_options* options);
ClientOptions printer_options(const baton_options* options);

}  // namespace baton::internal::capi
