#include "broker/delivery_ports.hpp"

#include <algorithm>

#include "net/broker_address.hpp"
#include "net/uninterrupted.hpp"

namespace baton::internal::broker {
namespace {

constexpr int tries_for_a_rested_one = 8;

}  // namespace

DeliveryPorts::DeliveryPorts(std::string address, std::optional<PortRange> range)
    : address_(std::move(address)), any_port_(!range) {
  if (!range) return;
  for (std::uint32_t port = range->first; port <= range->last; ++port)
    free_.push_back(static_cast<std::uint16_t>(port));
}

std::optional<std::uint16_t> DeliveryPorts::bind(zmq::socket_t& socket, Time now) {
  while (!resting_.empty() && resting_.front().until <= now) resting_.pop_front();
  return any_port_ ? bind_any(socket) : bind_of_range(socket);
}

void DeliveryPorts::release(std::uint16_t port, Time now) {
  if (any_port_)
    resting_.push_back({port, now + port_rest});
  else
    free_.push_back(port);
}

bool DeliveryPorts::rests(std::uint16_t port) const {
  return std::any_of(resting_.begin(), resting_.end(),
                     [&](const Resting& one) { return one.port == port; });
}

std::optional<std::uint16_t> DeliveryPorts::bind_any(zmq::socket_t& socket) {
  std::string before;  // a resting port stays bound until another one is found, so that the system
                       // chooses another one
  for (int tries = 0;; ++tries) {
    try {
      zmq_uninterrupted([&] { socket.bind(to_tcp(address_, 0)); });
    } catch (const zmq::error_t&) {
      return std::nullopt;
    }
    if (!before.empty()) zmq_uninterrupted([&] { socket.unbind(before); });
    before = socket.get(zmq::sockopt::last_endpoint);
    const auto port = static_cast<std::uint16_t>(std::stoi(before.substr(before.rfind(':') + 1)));
    if (!rests(port) || tries == tries_for_a_rested_one) return port;
  }
}

std::optional<std::uint16_t> DeliveryPorts::bind_of_range(zmq::socket_t& socket) {
  for (auto tries = free_.size(); tries > 0; --tries) {
    const auto port = free_.front();
    free_.pop_front();
    try {
      zmq_uninterrupted([&] { socket.bind(to_tcp(address_, port)); });
      return port;
    } catch (const zmq::error_t&) {
      free_.push_back(port);  // another program uses it now, or its old socket is not quite closed
    }
  }
  return std::nullopt;
}

}  // namespace baton::internal::broker
