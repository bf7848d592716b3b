// Addresses of the test's own. A broker that is started again finds its port free, and while none
// runs its clients meet nobody: other tests, which run at the same time, have other addresses.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>

namespace baton::internal::e2e {

/// Of 127.0.0.0/8, all of which is Linux's loopback device. Each process, by its number (22 bits at
/// most), has two that no other has: `which` is 0 or 1. They begin at 127.1.0.1, and none ends in 0
/// or 255.
inline std::string own_loopback(std::uint32_t which) {
  const auto pid = static_cast<std::uint32_t>(getpid());
  const in_addr address{htonl(0x7f010001 + (pid / 127 << 8) + pid % 127 + 127 * which)};
  char text[INET_ADDRSTRLEN];
  return inet_ntop(AF_INET, &address, text, sizeof text);
}

/// Where the test's brokers are.
inline const std::string& loopback() {
  static const std::string address = own_loopback(0);
  return address;
}

inline sockaddr_in socket_address(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  return address;
}

/// For the sockets of the test itself. Port 0 is any.
inline sockaddr_in loopback_at(std::uint16_t port) { return socket_address(loopback(), port); }

}  // namespace baton::internal::e2e
