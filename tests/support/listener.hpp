// A port that somebody else has.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <thread>

#include "tests/support/loopback.hpp"
#include "tests/support/show.hpp"

namespace baton::internal::e2e {

/// Bound to a port of loopback() that the system chose, so that nobody else gets it. Nobody listens
/// there, or, with a greeting, somebody who says it to each who comes, and nothing more.
class OtherPort {
 public:
  OtherPort() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    auto address = loopback_at(0);
    socklen_t size = sizeof address;
    REQUIRE(bind(fd_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = std::to_string(ntohs(address.sin_port));
  }
  explicit OtherPort(std::string_view greeting) : OtherPort() {
    REQUIRE(listen(fd_, 64) == 0);
    thread_ = std::thread([this, greeting = std::string(greeting)] { greet(greeting); });
  }
  ~OtherPort() {
    shutdown(fd_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    close(fd_);
  }
  OtherPort(const OtherPort&) = delete;
  OtherPort& operator=(const OtherPort&) = delete;
  const std::string& port() const { return port_; }
  std::string address() const { return loopback() + ":" + port_; }

 private:
  void greet(const std::string& greeting) const {
    for (int client = accept(fd_, nullptr, nullptr); client >= 0;
         client = accept(fd_, nullptr, nullptr)) {
      static_cast<void>(send(client, greeting.data(), greeting.size(), MSG_NOSIGNAL));
      close(client);
    }
  }

  int fd_;
  std::string port_;
  std::thread thread_;
};

}  // namespace baton::internal::e2e
