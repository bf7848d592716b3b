// A durable broker, for tests that end it and start it again.
#pragma once

#include <doctest/doctest.h>

#include <csignal>
#include <optional>
#include <string>
#include <utility>

#include "tests/support/baton.hpp"

namespace baton::internal::e2e {

/// A broker on a directory and a port of its own, which can be killed and started again.
class DurableBroker {
 public:
  /// `under` are words that go before it, as for Broker.
  explicit DurableBroker(Args args = {}, Args under = {})
      : args_(std::move(args)), under_(std::move(under)) {
    start();
  }

  void start() {
    Args args{"--data", directory_.path()};
    args.insert(args.end(), args_.begin(), args_.end());
    if (!port_.empty()) args.insert(args.end(), {"--port", port_});
    broker_.emplace(args, under_);
    port_ = broker_->port();
  }
  void kill() {
    broker_->process().signal(SIGKILL);
    REQUIRE(broker_->process().wait());
  }
  Broker* operator->() { return &*broker_; }
  Broker& operator*() { return *broker_; }
  const TemporaryDirectory& directory() const { return directory_; }

 private:
  TemporaryDirectory directory_;
  Args args_, under_;
  std::string port_;
  std::optional<Broker> broker_;
};

}  // namespace baton::internal::e2e
