#include "broker/received_limit.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>

namespace baton::internal::broker {
namespace {

using Clock = std::chrono::steady_clock;

std::atomic<std::uint16_t> limited_port = 0;
std::atomic<std::uint64_t> ended = 0;

/// For one descriptor. libzmq's only I/O thread accepts, receives and closes.
struct Account {
  bool limited = false;
  std::size_t received = 0;
  Clock::time_point since;  // when counting began

  bool takes(std::size_t bytes) {
    if (const auto now = Clock::now(); now >= since + std::chrono::seconds(1)) {
      since = now;
      received = 0;
    }
    return (received += bytes) <= most_received;
  }
};

// The broker does not accept more clients than that.
std::array<Account, 65'536> accounts;

std::uint16_t local_port(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  // The port has the same offset in addresses of both families.
  static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
  const bool tcp = address.ss_family == AF_INET || address.ss_family == AF_INET6;
  return tcp ? ntohs(reinterpret_cast<sockaddr_in&>(address).sin_port) : std::uint16_t{0};
}

}  // namespace

void limit_received_at(std::uint16_t port) { limited_port = port; }

void note_accepted(int fd) {
  if (const auto at = static_cast<std::size_t>(fd); at < accounts.size())
    accounts[at] = {limited_port != 0 && local_port(fd) == limited_port, 0, Clock::now()};
}

std::uint64_t received_too_much() { return ended; }

}  // namespace baton::internal::broker

/// Replaces the C library's function, also for libzmq.
extern "C" __attribute__((visibility("default"))) ssize_t recv(int fd, void* buffer,
                                                               std::size_t size, int flags) {
  using namespace baton::internal::broker;
  const ssize_t got = syscall(SYS_recvfrom, fd, buffer, size, flags, nullptr, nullptr);
  const auto at = static_cast<std::size_t>(fd);
  if (got <= 0 || at >= accounts.size() || !accounts[at].limited) return got;
  if (accounts[at].takes(static_cast<std::size_t>(got))) return got;
  accounts[at].limited = false;  // counted once
  ++ended;
  shutdown(fd, SHUT_RDWR);
  return 0;
}
