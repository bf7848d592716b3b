// Finds out why a broker is silent.
#pragma once

#include <string>

#include "net/endpoint_probe.hpp"
#include "os/background.hpp"
#include "proto/limits.hpp"

namespace baton::internal {

/// While there is no news it probes the broker's endpoints now and then, from a thread of its own,
/// since libzmq's events do not tell why a connection fails. Costs nothing while the broker is
/// heard. Not thread-safe.
class Lookout {
 public:
  explicit Lookout(BrokerAddress broker) : broker_(std::move(broker)) {}

  /// From now on the sockets connect to that address, or to none.
  void opened(const std::string& address, Time now);
  void closed() { address_.clear(); }
  /// The broker was heard.
  void heard(Time now);

  /// Takes the result of a probe, and starts the next one when due. Returns whether a probe ended.
  bool follow(Time now);
  /// When to call follow() at the latest, besides when fd() is readable.
  Time next() const { return address_.empty() || look_.busy() ? never : look_at_; }
  int fd() const { return look_.busy() ? look_.fd() : -1; }
  /// What it found, for people; empty if nothing yet, or nothing is wrong.
  const std::string& found() const { return found_; }

 private:
  static constexpr Duration first_after = 200ms;  ///< without a welcome
  static constexpr Duration silent_after = 2s;    ///< without news, which comes each second
  static constexpr Duration again_after = 2s;

  BrokerAddress broker_;
  std::string address_;
  Background<std::string> look_;
  bool ever_opened_ = false, stale_ = false;  // stale: there was news since the look began
  Time look_at_ = never;
  std::string found_;
};

}  // namespace baton::internal
