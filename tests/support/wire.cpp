#include "tests/support/wire.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace baton::internal::e2e {
namespace {

// Bytes that a ZMTP connection takes one way to come to stand, at most.
constexpr std::uint64_t handshake = 200;

void prepare(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

Wire::Wire(Channel channel, int client, int broker, Clock::time_point now)
    : channel_(channel),
      client_(client),
      broker_(broker),
      flows_{Flow(client, broker), Flow(broker, client)},
      calm_since_(now) {
  prepare(client_);
  prepare(broker_);
}

Wire::~Wire() {
  close(client_);
  close(broker_);
}

std::array<pollfd, 2> Wire::waits_for(Clock::time_point now) const {
  std::array<pollfd, 2> items{pollfd{client_, 0, 0}, pollfd{broker_, 0, 0}};
  for (const auto& flow : flows_) {
    auto& from = flow.from == client_ ? items[0] : items[1];
    auto& to = flow.from == client_ ? items[1] : items[0];
    if (flow.silent_until > now) continue;
    if (!flow.pending.empty())
      to.events |= POLLOUT;
    else if (!flow.ended)
      from.events |= POLLIN;
  }
  for (auto& item : items)
    if (item.events == 0) item.fd = -1;  // poll() would tell of its end for ever
  return items;
}

void Wire::serve(const pollfd* ready, Clock::time_point now) {
  if (ready[0].revents == 0 && ready[1].revents == 0) return;
  for (auto& flow : flows_)
    if (flow.silent_until <= now) pass(flow);
}

void Wire::pass(Flow& flow) {
  if (!write_pending(flow)) return;
  std::array<char, 65536> buffer;
  while (!flow.ended && flow.pending.empty()) {
    const auto got = read(flow.from, buffer.data(), buffer.size());
    if (got < 0 && would_block()) return;
    if (got <= 0) flow.ended = true;
    if (got > 0) flow.pending.assign(buffer.data(), static_cast<std::size_t>(got));
    if (!write_pending(flow)) return;
  }
  over_ = over_ || (flow.ended && flow.pending.empty());
}

/// False when something is left.
bool Wire::write_pending(Flow& flow) {
  while (!flow.pending.empty()) {
    const auto sent = send(flow.to, flow.pending.data(), flow.pending.size(), MSG_NOSIGNAL);
    if (sent < 0 && would_block()) return false;
    if (sent < 0) {
      over_ = true;
      return false;
    }
    flow.passed += static_cast<std::uint64_t>(sent);
    flow.pending.erase(0, static_cast<std::size_t>(sent));
  }
  return true;
}

void Wire::reset() {
  const linger at_once{1, 0};
  for (const int fd : {client_, broker_})
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  over_ = true;
}

void Wire::silence(Way way, Clock::time_point until) {
  flow(way).silent_until = until;
  flow(way).passed = 0;
  calm_since_ = until;
}

Clock::time_point Wire::silent_until(Clock::time_point now) const {
  auto next = Clock::time_point::max();
  for (const auto& flow : flows_)
    if (flow.silent_until > now) next = std::min(next, flow.silent_until);
  return next;
}

bool Wire::at_work(Clock::time_point now, Clock::duration calm) const {
  if (over_ || now < calm_since_ + calm) return false;
  const auto way = channel_ == Channel::put || channel_ == Channel::control ? Way::up : Way::down;
  return flow(way).passed > handshake;
}

}  // namespace baton::internal::e2e
