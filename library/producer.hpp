// A producer of the C interface.
#pragma once

#include <string>
#include <utility>

#include "producer/producer.hpp"

struct baton_producer {
  explicit baton_producer(const baton::internal::ProducerOptions& options)
      : queue(options.queue), named(!options.name.empty()), producer(options) {}

  const std::string queue;
  const bool named;
  baton::internal::Producer producer;
};
