// A look at a broker's endpoints from outside, for who gets no answer and wants to know why.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "net/broker_address.hpp"

namespace baton::internal {

/// What happened to a plain TCP connection to an endpoint.
struct EndpointLook {
  enum class Found : std::uint8_t {
    nobody,     ///< refused: nothing listens there
    no_answer,  ///< no answer of the host to that port
    no_way,     ///< the system knows no way there: see `error`
    zmtp,       ///< a ZeroMQ socket, as an endpoint is
    stranger,   ///< a connection, but what came on it, or nothing, is not ZeroMQ's
  };
  Found found{};
  int error = 0;  ///< an errno, no_way only
};
/// By EndpointPort: put, control, notifications.
using EndpointLooks = std::array<EndpointLook, 3>;

/// Connects to the three endpoints behind `base` at a numeric address, for at most a second, and
/// leaves again.
EndpointLooks look_at_endpoints(const std::string& address, std::uint16_t base);

/// What is to be read from that, in a sentence for people that names the ports and what to do.
/// Pure.
std::string meaning_of(const EndpointLooks& looks, const BrokerAddress& broker,
                       const std::string& address);

}  // namespace baton::internal
