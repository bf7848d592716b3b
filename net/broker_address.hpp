// A broker's address: its host and its base port. Endpoints are at fixed distances from that port.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/limits.hpp"

namespace baton::internal {

/// Distances of the endpoints from the base port.
enum class EndpointPort : std::uint16_t {
  put = 0,
  control = 1,
  notifications = 2,
  in = 3,
  out = 4
};
inline constexpr std::uint16_t endpoint_count = 5;

struct BrokerAddress {
  std::string host = "127.0.0.1";  ///< a name or an address; IPv6 addresses without brackets
  std::uint16_t port = default_port;

  std::uint16_t port_of(EndpointPort which) const {
    return static_cast<std::uint16_t>(port + static_cast<std::uint16_t>(which));
  }
};

/// Parses HOST, HOST:PORT, ADDR6, [ADDR6] or [ADDR6]:PORT. Ports are 1 to 65531, so that all
/// endpoints fit. Throws std::invalid_argument with a sentence for people.
BrokerAddress parse_broker_address(std::string_view text);

/// "HOST:PORT", with brackets if needed; parse_broker_address() reads it.
std::string to_string(const BrokerAddress& address);

/// "tcp://HOST:PORT" for libzmq.
std::string to_tcp(std::string_view host, std::uint16_t port);

}  // namespace baton::internal
