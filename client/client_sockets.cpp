#include "client/client_sockets.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "net/sockets.hpp"

namespace baton {
namespace {

constexpr std::size_t messages_per_turn = 256;
constexpr std::size_t copied_up_to = 2048;  ///< longer messages are handed to libzmq without a copy
constexpr int lane_events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CLOSED |
                            ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                            ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

zmq::message_t to_message(std::string bytes) {
  if (bytes.size() <= copied_up_to) return zmq::message_t(bytes.data(), bytes.size());
  auto* kept = new std::string(std::move(bytes));
  return zmq::message_t(kept->data(), kept->size(), [](void*, void* hint) { delete static_cast<std::string*>(hint); },
                        kept);
}

long milliseconds_until(Time until) {
  if (until == never) return -1;
  const auto now = std::chrono::steady_clock::now();
  if (until <= now) return 0;
  return std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
}

/// Receives a whole message of `parts` frames, of which the last is kept. False when nothing has come in; a message of
/// another form is passed over.
bool receive_parts(zmq::socket_t& socket, std::size_t parts, zmq::message_t& last) {
  while (socket.recv(last, zmq::recv_flags::dontwait)) {
    std::size_t count = 1;
    for (; last.more(); ++count)
      if (!socket.recv(last, zmq::recv_flags::dontwait)) return false;
    if (count == parts) return true;
  }
  return false;
}

}  // namespace

ClientSockets::ClientSockets(Endpoint broker) : broker_(std::move(broker)), context_(make_context(1)) {}

void ClientSockets::perform(const SocketRequest& request) {
  switch (request.kind) {
    case SocketRequest::Kind::open:
      topic_ = request.topic;
      open();
      break;
    case SocketRequest::Kind::connect_lane: connect_lane(request.generation, request.port); break;
    case SocketRequest::Kind::close_lane:
      if (request.generation == generation_) close_lane();
      break;
  }
}

zmq::socket_t ClientSockets::connected(zmq::socket_type type, DoorPort door) {
  auto socket = make_socket(context_, type);
  if (type == zmq::socket_type::sub) socket.set(zmq::sockopt::subscribe, topic_.view());
  socket.connect(to_tcp(address_, broker_.door(door)));
  return socket;
}

void ClientSockets::open() {
  close_lane();
  for (auto* socket : {&put_, &control_, &news_}) socket->close();
  const auto addresses = resolve(broker_.host);
  if (addresses.empty()) return;
  address_ = addresses[attempts_++ % addresses.size()];
  news_ = connected(zmq::socket_type::sub, DoorPort::news);
  control_ = connected(zmq::socket_type::push, DoorPort::control);
  put_ = connected(zmq::socket_type::push, DoorPort::put);
}

void ClientSockets::send(Door door, std::string bytes) {
  if (!control_) open();  // the name had no address so far
  auto& socket = door == Door::put ? put_ : control_;
  if (!socket) return;
  auto message = to_message(std::move(bytes));
  socket.send(message, zmq::send_flags::dontwait);
}

void ClientSockets::connect_lane(std::uint32_t generation, std::uint16_t port) {
  close_lane();
  if (!control_) return;
  generation_ = generation;
  lane_ = make_socket(context_, zmq::socket_type::pull);
  lane_.set(zmq::sockopt::reconnect_ivl, -1);  // a lane lives as long as its one connection
  const auto name = "inproc://lane-" + std::to_string(++monitors_);
  if (zmq_socket_monitor(lane_.handle(), name.c_str(), lane_events) != 0) throw zmq::error_t();
  monitor_ = zmq::socket_t(context_, zmq::socket_type::pair);
  monitor_.set(zmq::sockopt::linger, 0);
  monitor_.connect(name);
  lane_.connect(to_tcp(address_, port));
}

void ClientSockets::close_lane() {
  if (lane_) zmq_socket_monitor(lane_.handle(), nullptr, 0);
  monitor_.close();
  lane_.close();
}

void ClientSockets::poll(Wake& wake, Time until) {
  std::array<zmq::pollitem_t, 4> items{{{nullptr, wake.fd(), ZMQ_POLLIN, 0}}};
  std::size_t count = 1;
  for (auto* socket : {&news_, &lane_, &monitor_})
    if (*socket) items[count++] = {socket->handle(), 0, ZMQ_POLLIN, 0};
  if (zmq_poll(items.data(), static_cast<int>(count), milliseconds_until(until)) < 0 && zmq_errno() != EINTR)
    throw zmq::error_t();
  if (items[0].revents) wake.clear();
}

std::optional<Incoming::What> ClientSockets::lane_event() {
  zmq::message_t event, address;
  if (!monitor_ || !monitor_.recv(event, zmq::recv_flags::dontwait)) return std::nullopt;
  if (event.more()) static_cast<void>(monitor_.recv(address));
  std::uint16_t code = 0;
  if (event.size() >= sizeof code) std::memcpy(&code, event.data(), sizeof code);
  return code == ZMQ_EVENT_HANDSHAKE_SUCCEEDED ? Incoming::What::lane_up : Incoming::What::lane_down;
}

void ClientSockets::receive(std::vector<Incoming>& incoming) {
  bool down = false;
  while (const auto event = lane_event()) {
    if (*event == Incoming::What::lane_up) incoming.push_back({*event, generation_, {}});
    down = down || *event == Incoming::What::lane_down;
  }
  zmq::message_t frame;
  for (std::size_t i = 0; lane_ && (down || i < messages_per_turn) && receive_parts(lane_, 1, frame); ++i)
    incoming.push_back({Incoming::What::lane, generation_, std::move(frame)});
  if (down) incoming.push_back({Incoming::What::lane_down, generation_, {}});
  for (std::size_t i = 0; news_ && i < messages_per_turn && receive_parts(news_, 2, frame); ++i)
    incoming.push_back({Incoming::What::news, 0, std::move(frame)});
}

}  // namespace baton
