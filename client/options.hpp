// What all client libraries let their user choose.
#pragma once

#include <functional>
#include <string>

#include "client/session.hpp"
#include "net/endpoint.hpp"
#include "proto/deadline.hpp"

namespace baton {

/// Whether console lines are led by "[host] ".
enum class Tag : std::uint8_t {
  automatic,  ///< where the broker runs on a host of another name
  on,
  off,
};

struct ClientOptions {
  Endpoint broker;
  /// How long to look for a broker at first; Duration::max(), or that of any unit: for ever. A client that once knew one keeps trying.
  TimeLimit connect_timeout = default_connect_timeout;
  Tag tag = Tag::automatic;
  /// Told why a call waits: "queue 'default' is full (...)". Called by the thread that waits, without a lock, when it has
  /// waited for half a second, and again only when the reason is another one or the last is some seconds old.
  std::function<void(const std::string& reason)> on_notice;
};

}  // namespace baton
