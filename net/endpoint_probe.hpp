// Probes a broker's endpoints, to explain why there is no answer.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "net/broker_address.hpp"

namespace baton::internal {

/// The result of a plain TCP connection to an endpoint.
struct EndpointLook {
  enum class Found : std::uint8_t {
    refused,    ///< nothing listens there
    no_answer,  ///< the host does not answer on that port
    no_way,     ///< no route: see `error`
    zmtp,       ///< a ZeroMQ socket, as expected
    stranger,   ///< connected, but it does not speak ZeroMQ
  };
  Found found{};
  int error = 0;  ///< an errno, for no_way only
};
/// Indexed by EndpointPort: put, control, notifications.
using EndpointLooks = std::array<EndpointLook, 3>;

/// Connects to the three endpoints from `base` at a numeric address, for at most a second, and
/// disconnects.
EndpointLooks look_at_endpoints(const std::string& address, std::uint16_t base);

/// What that means, as a sentence for people that names the ports and what to do. Pure.
std::string meaning_of(const EndpointLooks& looks, const BrokerAddress& broker,
                       const std::string& address);

}  // namespace baton::internal
