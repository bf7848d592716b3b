#include "broker/lanes.hpp"

#include "net/endpoint.hpp"
#include "net/sockets.hpp"

namespace baton::broker {
namespace {

constexpr int max_towards_us = 512;  // bytes: consumers send nothing on a lane

std::uint16_t port_of(zmq::socket_t& socket) {
  const auto endpoint = socket.get(zmq::sockopt::last_endpoint);
  return static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
}

}  // namespace

Lanes::Lanes(zmq::context_t& context, std::string address, std::optional<PortRange> range)
    : context_(context), address_(std::move(address)), any_port_(!range) {
  if (range)
    for (std::uint32_t port = range->first; port <= range->last; ++port)
      free_ports_.push_back(static_cast<std::uint16_t>(port));
}

std::optional<std::uint16_t> Lanes::bind(zmq::socket_t& socket) {
  try {
    if (any_port_) {
      socket.bind(to_tcp(address_, 0));
      return port_of(socket);
    }
  } catch (const zmq::error_t&) {
    return std::nullopt;
  }
  for (auto tries = free_ports_.size(); tries > 0; --tries) {
    const auto port = free_ports_.front();
    free_ports_.pop_front();
    try {
      socket.bind(to_tcp(address_, port));
      return port;
    } catch (const zmq::error_t&) {
      free_ports_.push_back(port);  // somebody else has it now
    }
  }
  return std::nullopt;
}

std::optional<std::uint16_t> Lanes::open(const SessionId& session, std::uint32_t generation) {
  try {
    auto socket = make_socket(context_, zmq::socket_type::push);
    socket.set(zmq::sockopt::maxmsgsize, std::int64_t{max_towards_us});
    const auto port = bind(socket);
    if (port) lanes_.insert_or_assign(session, Lane{std::move(socket), generation, *port, {}});
    return port;
  } catch (const zmq::error_t&) {  // no descriptor is left
    return std::nullopt;
  }
}

void Lanes::close(const SessionId& session, std::uint32_t generation) {
  const auto found = lanes_.find(session);
  if (found == lanes_.end() || found->second.generation != generation) return;
  if (!any_port_) free_ports_.push_back(found->second.port);
  lanes_.erase(found);
}

bool Lanes::try_send(Lane& lane, const std::string& bytes) {
  return lane.socket.send(zmq::buffer(bytes), zmq::send_flags::dontwait).has_value();
}

void Lanes::send(Effects::LaneMessage&& message) {
  const auto found = lanes_.find(message.session);
  if (found == lanes_.end() || found->second.generation != message.generation) return;
  auto& lane = found->second;
  if (lane.unsent.empty() && try_send(lane, message.bytes)) return;
  if (lane.unsent.empty()) blocked_.push_back(message.session);
  lane.unsent.push_back(std::move(message.bytes));
}

void Lanes::retry() {
  std::erase_if(blocked_, [&](const SessionId& session) {
    const auto found = lanes_.find(session);
    if (found == lanes_.end()) return true;
    auto& unsent = found->second.unsent;
    while (!unsent.empty() && try_send(found->second, unsent.front())) unsent.pop_front();
    return unsent.empty();
  });
}

}  // namespace baton::broker
