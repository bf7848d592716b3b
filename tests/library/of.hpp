// The words that the library's tests are written in: they see what a user of the installed library
// sees.
#pragma once

#include <baton/consumer.hpp>
#include <baton/printer.hpp>
#include <baton/producer.hpp>

#include "tests/support/baton.hpp"

namespace baton::internal::e2e {

inline Options options_of(const Broker& broker, const std::string& queue = "default") {
  return std::move(Options().broker(broker.address()).queue(queue));
}

/// The status that `call` throws; ok when it throws nothing.
template <class Call>
Status status_of(Call call) {
  try {
    call();
    return Status::ok;
  } catch (const Error& error) {
    return error.status();
  }
}

}  // namespace baton::internal::e2e
