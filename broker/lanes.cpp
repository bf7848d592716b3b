#include "broker/lanes.hpp"

#include <utility>

#include "net/receive.hpp"
#include "net/sockets.hpp"

namespace baton::broker {
namespace {

constexpr int max_towards_us = 512;  // bytes: consumers send nothing on a lane but their handshake
constexpr std::size_t copied_up_to = 8u << 10;  // bytes an entry

/// Large bodies go without a copy; the buffer of small ones is better used again.
zmq::message_t to_frame(Effects::LaneMessage& message) {
  if (message.bytes.size() > copied_up_to * message.count)
    return frame_of(std::move(message.bytes));
  return zmq::message_t(message.bytes.data(), message.bytes.size());
}

}  // namespace

Lanes::Lanes(zmq::context_t& context, std::string address, std::optional<PortRange> range)
    : context_(context), admission_(context), ports_(std::move(address), range) {}

std::optional<std::uint16_t> Lanes::open(const SessionId& session, std::uint32_t generation,
                                         Time now) {
  try {
    auto socket = make_socket(context_, zmq::socket_type::push);
    socket.set(zmq::sockopt::maxmsgsize, std::int64_t{max_towards_us});
    socket.set(zmq::sockopt::plain_server, true);
    socket.set(zmq::sockopt::zap_domain, to_hex(session));
    const auto port = ports_.bind(socket, now);
    if (port)
      lanes_.insert_or_assign(session, Lane{std::move(socket), generation, *port, false, {}});
    return port;
  } catch (const zmq::error_t&) {  // no descriptor is left
    return std::nullopt;
  }
}

std::optional<std::uint16_t> Lanes::close(const SessionId& session, std::uint32_t generation,
                                          Time now) {
  const auto found = lanes_.find(session);
  if (found == lanes_.end() || found->second.generation != generation) return std::nullopt;
  const auto port = found->second.port;
  const bool came = found->second.admitted;
  ports_.release(port, now);
  lanes_.erase(found);
  return came ? std::nullopt : std::optional(port);
}

void Lanes::admit() {
  while (const auto knock = admission_.next()) admission_.answer(*knock, admits(*knock));
}

/// The domain says at which lane somebody knocks, the password which session he is of, the user
/// name at which of its lanes he believes to be: an old one's port may have become another's.
bool Lanes::admits(const Knock& knock) {
  const auto session = session_from_hex(knock.password);
  if (!session || knock.domain != knock.password) return false;
  const auto found = lanes_.find(*session);
  if (found == lanes_.end() || knock.user != std::to_string(found->second.generation)) return false;
  return !std::exchange(found->second.admitted, true);
}

void Lanes::send(Effects::LaneMessage& message) {
  const auto found = lanes_.find(message.session);
  if (found == lanes_.end() || found->second.generation != message.generation) return;
  auto& lane = found->second;
  auto frame = to_frame(message);
  if (lane.unsent.empty() && send_frame(lane.socket, frame)) return;
  if (lane.unsent.empty()) blocked_.push_back(message.session);
  lane.unsent.push_back(std::move(frame));
}

void Lanes::retry() {
  std::erase_if(blocked_, [&](const SessionId& session) {
    const auto found = lanes_.find(session);
    if (found == lanes_.end()) return true;
    auto& lane = found->second;
    while (!lane.unsent.empty() && send_frame(lane.socket, lane.unsent.front()))
      lane.unsent.pop_front();
    return lane.unsent.empty();
  });
}

}  // namespace baton::broker
