#include "tests/support/raw_peer.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>

#include "tests/support/loopback.hpp"

namespace baton::internal::e2e {
namespace zmtp {
namespace {

std::string big_endian(std::uint64_t value, int bytes) {
  std::string out;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out += static_cast<char>(value >> shift);
  return out;
}

std::string short_string(std::string_view text) {
  return std::string(1, static_cast<char>(text.size())) + std::string(text);
}

std::string socket_type_property(std::string_view type) {
  return short_string("Socket-Type") + big_endian(type.size(), 4) + std::string(type);
}

}  // namespace

std::string greeting(std::string_view mechanism) {
  std::string bytes =
      "\xff" + std::string(8, '\0') + "\x7f\x03" + std::string(1, '\0') + std::string(mechanism);
  bytes.resize(64);
  return bytes;
}

std::string command(std::string_view name, std::string_view data) {
  const auto body = short_string(name) + std::string(data);
  return "\x04" + short_string(body);
}

std::string ready(std::string_view socket_type) {
  return command("READY", socket_type_property(socket_type));
}

std::string hello(std::string_view user, std::string_view password) {
  return command("HELLO", short_string(user) + short_string(password));
}

std::string initiate(std::string_view socket_type) {
  return command("INITIATE", socket_type_property(socket_type));
}

std::string frame_head(std::uint64_t size, bool more) {
  const char flags = more ? 1 : 0;
  if (size < 256) return {flags, static_cast<char>(size)};
  return static_cast<char>(flags | 2) + big_endian(size, 8);
}

std::string frame(std::string_view body, bool more) {
  return frame_head(body.size(), more) + std::string(body);
}

std::string subscribe(std::string_view topic) { return frame("\x01" + std::string(topic)); }
std::string unsubscribe(std::string_view topic) {
  return frame(std::string(1, '\0') + std::string(topic));
}

}  // namespace zmtp

namespace {

bool wait_for(int fd, short events, Clock::time_point deadline) {
  pollfd item{fd, events, 0};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return poll(&item, 1, static_cast<int>(std::max<std::int64_t>(0, left))) > 0;
}

/// What comes by the deadline; nothing when none did; empty when the connection has ended.
std::optional<std::string> receive_some(int fd, Clock::time_point deadline) {
  char buffer[65536];
  if (!wait_for(fd, POLLIN, deadline)) return std::nullopt;
  const auto size = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
  return std::string(buffer, size > 0 ? static_cast<std::size_t>(size) : 0);
}

}  // namespace

RawPeer::RawPeer(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const auto address = loopback_at(port);
  if (fd_ < 0 || connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    close();
    throw std::system_error(error, std::generic_category(),
                            "connect to port " + std::to_string(port));
  }
}

RawPeer& RawPeer::shake_hands(std::string_view socket_type) {
  send(zmtp::greeting() + zmtp::ready(socket_type));
  receive_until("READY");
  return *this;
}

bool RawPeer::is_admitted(std::string_view socket_type, std::string_view user,
                          std::string_view password) {
  send(zmtp::greeting("PLAIN") + zmtp::hello(user, password));
  std::string answer;
  const auto has = [&](const char* word) { return answer.find(word) != std::string::npos; };
  while (!has("WELCOME") && !has("RROR")) {  // libzmq 4.3.4 writes "^RROR"
    const auto some = receive_some(fd_, Clock::now() + soon);
    if (!some || some->empty()) return false;
    answer += *some;
  }
  if (!has("WELCOME")) return false;
  send(zmtp::initiate(socket_type));
  return !receive_until("READY").empty();
}

RawPeer& RawPeer::send(std::string_view bytes, Clock::duration within) {
  const auto deadline = Clock::now() + within;
  while (!bytes.empty() && wait_for(fd_, POLLOUT, deadline)) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) break;
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return *this;
}

std::string RawPeer::receive(Clock::duration within) {
  return receive_some(fd_, Clock::now() + within).value_or("");
}

std::string RawPeer::receive_until(std::string_view part, Clock::duration within) {
  const auto deadline = Clock::now() + within;
  std::string all;
  while (const auto some = receive_some(fd_, deadline)) {
    all += *some;
    if (all.find(part) != std::string::npos) return all;
    if (some->empty()) break;
  }
  return {};
}

bool RawPeer::is_closed(Clock::duration within) {
  const auto deadline = Clock::now() + within;
  while (const auto some = receive_some(fd_, deadline))
    if (some->empty()) return true;
  return false;
}

void RawPeer::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void RawPeer::reset() {
  const linger at_once{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

void RawPeer::finish() {
  shutdown(fd_, SHUT_WR);
  is_closed();
  close();
}

}  // namespace baton::internal::e2e
