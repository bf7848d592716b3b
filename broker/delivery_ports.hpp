// Which ports delivery links are bound to.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <zmq.hpp>

#include "proto/limits.hpp"

namespace baton::internal::broker {

struct PortRange {
  std::uint16_t first;
  std::uint16_t last;  ///< inclusive
};

/// How long a port is left alone after its link was closed, where there are others: who comes late
/// to the old link would only knock in vain at the new one (see DeliveryLinks::authorize), but cost
/// its owner a moment.
inline constexpr Duration port_rest = 60s;

class DeliveryPorts {
 public:
  /// Ports of `range`, the one that was used longest ago first, or any that the system chooses.
  DeliveryPorts(std::string address, std::optional<PortRange> range);

  /// Binds `socket` and returns its port; nothing when none is left.
  std::optional<std::uint16_t> bind(zmq::socket_t& socket, Time now);
  /// The socket that was bound to it is closed.
  void release(std::uint16_t port, Time now);

 private:
  struct Resting {
    std::uint16_t port;
    Time until;
  };
  bool rests(std::uint16_t port) const;
  std::optional<std::uint16_t> bind_any(zmq::socket_t& socket);
  std::optional<std::uint16_t> bind_of_range(zmq::socket_t& socket);

  const std::string address_;
  const bool any_port_;
  std::deque<std::uint16_t> free_;  // of the range
  std::deque<Resting> resting_;     // by time; any port only
};

}  // namespace baton::internal::broker
