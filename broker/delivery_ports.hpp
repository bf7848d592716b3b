// The ports of delivery links.
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

/// A port is not reused for this long after its link was closed, if there are others. A consumer
/// that connects to the old link too late would be rejected by the new one (see
/// DeliveryLinks::authorize), but would delay its owner.
inline constexpr Duration port_rest = 60s;

class DeliveryPorts {
 public:
  /// Uses ports of `range`, the least recently used first, or any that the system chooses.
  DeliveryPorts(std::string address, std::optional<PortRange> range);

  /// Binds `socket` and returns its port; nullopt when none is left.
  std::optional<std::uint16_t> bind(zmq::socket_t& socket, Time now);
  /// The socket that was bound to the port is closed.
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
