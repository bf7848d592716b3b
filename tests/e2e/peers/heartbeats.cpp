#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <iostream>
#include <zmq.hpp>

#include "net/broker_address.hpp"
#include "tests/e2e/peers/peers.hpp"

namespace baton::internal::e2e {
namespace {

constexpr int heartbeat_ms = 20;
constexpr int ttl_ms = 100;
constexpr int burst = 50;   // messages
constexpr int pace_ms = 5;  // between bursts

zmq::socket_t connected(zmq::context_t& context, zmq::socket_type type, const std::string& address,
                        const std::string& session = "") {
  zmq::socket_t socket(context, type);
  socket.set(zmq::sockopt::heartbeat_ivl, heartbeat_ms);
  socket.set(zmq::sockopt::heartbeat_ttl, ttl_ms);
  socket.set(zmq::sockopt::sndhwm, 0);
  socket.set(zmq::sockopt::linger, 0);
  if (type == zmq::socket_type::sub) socket.set(zmq::sockopt::subscribe, "");
  if (!session.empty()) {
    socket.set(zmq::sockopt::plain_username, "1");
    socket.set(zmq::sockopt::plain_password, session);
  }
  socket.connect(address);
  return socket;
}

bool input_ends(int within_ms) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  return poll(&input, 1, within_ms) > 0;
}

/// Their ends will be resets.
void harden_connections() {
  const linger at_once{1, 0};
  for (int fd = 3; fd < 100; ++fd) setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace

int send_heartbeats(const std::string& broker, int link_port, const std::string& session,
                    const std::string& how) {
  const auto address = parse_broker_address(broker);
  const auto at = [&](int port) { return to_tcp(address.host, static_cast<std::uint16_t>(port)); };
  zmq::context_t context;
  auto put = connected(context, zmq::socket_type::push, at(address.port));
  auto control = connected(context, zmq::socket_type::push, at(address.port + 1));
  auto notifications = connected(context, zmq::socket_type::sub, at(address.port + 2));
  auto link = connected(context, zmq::socket_type::pull, at(link_port), session);
  const std::string nonsense = "BTN" + std::string(100, '\x01');
  const auto begin = std::chrono::steady_clock::now();
  for (bool said = false;;) {
    for (int i = 0; i < burst; ++i) {
      put.send(zmq::buffer(nonsense), zmq::send_flags::dontwait);
      control.send(zmq::buffer(nonsense), zmq::send_flags::dontwait);
    }
    if (!said &&
        std::chrono::steady_clock::now() > begin + std::chrono::milliseconds(2 * heartbeat_ms)) {
      std::cout << "ready" << std::endl;
      said = true;
    }
    if (input_ends(pace_ms)) break;
  }
  if (how == "reset") harden_connections();
  kill(getpid(), SIGKILL);
  return 1;
}

}  // namespace baton::internal::e2e
