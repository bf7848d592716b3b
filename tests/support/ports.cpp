#include "tests/support/ports.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "tests/support/loopback.hpp"

namespace baton::internal::e2e {
namespace {

// A port that is bound until this goes; 0 asks for any. port() is 0 when it cannot be had.
class BoundPort {
 public:
  explicit BoundPort(unsigned wanted) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    auto address = loopback_at(static_cast<std::uint16_t>(wanted));
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (wanted <= 65535 && bind(fd_, generic, size) == 0 && getsockname(fd_, generic, &size) == 0)
      port_ = ntohs(address.sin_port);
  }
  ~BoundPort() { close(fd_); }
  BoundPort(const BoundPort&) = delete;
  BoundPort& operator=(const BoundPort&) = delete;
  unsigned port() const { return port_; }

 private:
  int fd_;
  unsigned port_ = 0;
};

}  // namespace

std::string free_range(unsigned count) {
  for (int tries = 0; tries < 100; ++tries) {
    const BoundPort first(0);
    unsigned free = 1;
    while (free < count && BoundPort(first.port() + free).port() != 0) ++free;
    if (free == count)
      return std::to_string(first.port()) + "-" + std::to_string(first.port() + count - 1);
  }
  FAIL("no free range of ports");
  return {};
}

std::size_t cut_connections_to(unsigned port) {
  std::size_t cut = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::stoi(entry.path().filename());
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    // The port is at the same place in both families' addresses.
    static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
    const bool tcp = peer.ss_family == AF_INET || peer.ss_family == AF_INET6;
    if (tcp && ntohs(reinterpret_cast<sockaddr_in&>(peer).sin_port) == port &&
        shutdown(fd, SHUT_RDWR) == 0)
      ++cut;
  }
  return cut;
}

}  // namespace baton::internal::e2e
