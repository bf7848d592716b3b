#include "broker/delivery_links.hpp"

#include <utility>

#include "net/receive.hpp"
#include "net/sockets.hpp"

namespace baton::internal::broker {
namespace {

constexpr int max_towards_us = 512;  // bytes: on a link consumers send only their handshake
constexpr std::size_t copied_up_to = 8u << 10;  // bytes per entry

/// Large bodies are sent without a copy; the buffer of small ones is better reused.
zmq::message_t to_frame(Effects::LinkMessage& message) {
  if (message.bytes.size() > copied_up_to * message.count)
    return frame_of(std::move(message.bytes));
  return zmq::message_t(message.bytes.data(), message.bytes.size());
}

}  // namespace

DeliveryLinks::DeliveryLinks(zmq::context_t& context, std::string address,
                             std::optional<PortRange> range)
    : context_(context), zap_handler_(context), ports_(std::move(address), range) {}

std::optional<std::uint16_t> DeliveryLinks::open(const SessionId& session, std::uint32_t generation,
                                                 Time now) {
  try {
    auto socket = make_socket(context_, zmq::socket_type::push);
    socket.set(zmq::sockopt::maxmsgsize, std::int64_t{max_towards_us});
    socket.set(zmq::sockopt::plain_server, true);
    socket.set(zmq::sockopt::zap_domain, to_hex(session));
    const auto port = ports_.bind(socket, now);
    if (port)
      links_.insert_or_assign(session,
                              DeliveryLink{std::move(socket), generation, *port, false, {}});
    return port;
  } catch (const zmq::error_t&) {  // no descriptor left
    return std::nullopt;
  }
}

std::optional<std::uint16_t> DeliveryLinks::close(const SessionId& session,
                                                  std::uint32_t generation, Time now) {
  const auto found = links_.find(session);
  if (found == links_.end() || found->second.generation != generation) return std::nullopt;
  const auto port = found->second.port;
  const bool came = found->second.admitted;
  ports_.release(port, now);
  links_.erase(found);
  return came ? std::nullopt : std::optional(port);
}

void DeliveryLinks::answer_auth_requests() {
  while (const auto request = zap_handler_.next())
    zap_handler_.answer(*request, authorize(*request));
}

/// The domain names the link that a client wants to connect to, the password its session, the user
/// name the generation of the link that it expects: the port of an old link may belong to another
/// one now.
bool DeliveryLinks::authorize(const AuthRequest& request) {
  const auto session = session_from_hex(request.password);
  if (!session || request.domain != request.password) return false;
  const auto found = links_.find(*session);
  if (found == links_.end() || request.user != std::to_string(found->second.generation))
    return false;
  return !std::exchange(found->second.admitted, true);
}

void DeliveryLinks::send(Effects::LinkMessage& message) {
  const auto found = links_.find(message.session);
  if (found == links_.end() || found->second.generation != message.generation) return;
  auto& link = found->second;
  auto frame = to_frame(message);
  if (link.unsent.empty() && send_frame(link.socket, frame)) return;
  if (link.unsent.empty()) blocked_.push_back(message.session);
  link.unsent.push_back(std::move(frame));
}

void DeliveryLinks::retry() {
  std::erase_if(blocked_, [&](const SessionId& session) {
    const auto found = links_.find(session);
    if (found == links_.end()) return true;
    auto& link = found->second;
    while (!link.unsent.empty() && send_frame(link.socket, link.unsent.front()))
      link.unsent.pop_front();
    return link.unsent.empty();
  });
}

}  // namespace baton::internal::broker
