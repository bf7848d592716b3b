#include "client/client_sockets.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "net/receive.hpp"
#include "net/sockets.hpp"

namespace baton::internal {
namespace {

constexpr std::size_t messages_per_turn = 256;
constexpr std::size_t copied_up_to = 2048;  ///< longer messages are passed to libzmq without a copy
/// Bytes that may wait for an address: more than any window.
constexpr std::size_t most_buffered = 32u << 20;
/// Between look-ups of a name without an address.
constexpr Duration resolve_after = 500ms;
constexpr int link_events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
                            ZMQ_EVENT_CLOSED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                            ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

zmq::message_t to_frame(SharedBytes bytes) {
  if (bytes.size() > copied_up_to) return frame_of(std::move(bytes));
  return zmq::message_t(bytes.view().data(), bytes.size());
}

std::string no_socket(const zmq::error_t& error) {
  return std::string("cannot open a socket: ") + error.what();
}

}  // namespace

void ClientSockets::Inlet::set(zmq::socket_t made) {
  socket = std::move(made);
  fd = socket.get(zmq::sockopt::fd);
  ready = true;
}

void ClientSockets::Inlet::close() {
  socket.close();
  ready = false;
}

/// Receives a whole message of `parts` frames and keeps the last one. Returns false if there is
/// none; a message with another number of frames is skipped.
bool ClientSockets::Inlet::receive(std::size_t parts, zmq::message_t& last) {
  while (ready && socket.recv(last, zmq::recv_flags::dontwait)) {
    std::size_t count = 1;
    for (; last.more(); ++count)
      static_cast<void>(socket.recv(last));  // the parts of a message arrive together
    if (count == parts) return true;
  }
  ready = false;  // the descriptor signals later messages
  return false;
}

ClientSockets::ClientSockets(zmq::context_t& context, BrokerAddress broker, Resolver::Lookup lookup)
    : broker_(std::move(broker)),
      context_(context),
      resolver_(broker_.host, std::move(lookup)),
      lookout_(broker_) {}

void ClientSockets::perform(const SocketRequest& request) {
  switch (request.kind) {
    case SocketRequest::Kind::open:
      topic_ = request.topic;
      open();
      break;
    case SocketRequest::Kind::connect_link:
      connect_link(request.generation, request.port);
      break;
    case SocketRequest::Kind::close_link:
      if (request.generation == generation_) close_link();
      break;
  }
}

zmq::socket_t ClientSockets::connected(zmq::socket_type type, EndpointPort endpoint) {
  auto socket = make_socket(context_, type);
  if (type == zmq::socket_type::sub) socket.set(zmq::sockopt::subscribe, topic_.view());
  socket.connect(to_tcp(address_, broker_.port_of(endpoint)));
  return socket;
}

void ClientSockets::open() {
  close_link();
  put_.close();
  control_.close();
  notifications_.close();
  waiting_.clear();
  buffered_bytes_ = 0;
  lookout_.closed();
  resolve_again_ = never;
  resolver_.begin();
  if (const auto name = resolver_.take()) return resolved(*name);
  unresolved_ = "cannot resolve " + broker_.host + ": no answer yet from the name server";
}

void ClientSockets::resolved(const Resolved& name) {
  if (name.addresses.empty()) {
    unresolved_ = "cannot resolve " + broker_.host + ": " + name.error;
    resolve_again_ = std::chrono::steady_clock::now() + resolve_after;
    return;
  }
  unresolved_.clear();
  address_ = choice_.next(name.addresses);
  try {
    notifications_.set(connected(zmq::socket_type::sub, EndpointPort::notifications));
    put_ = connected(zmq::socket_type::push, EndpointPort::put);
    control_ = connected(zmq::socket_type::push, EndpointPort::control);
  } catch (const zmq::error_t& error) {
    notifications_.close();
    put_.close();
    return note_no_socket(error);
  }
  lookout_.opened(address_, std::chrono::steady_clock::now());
  for (auto& message : std::exchange(waiting_, {}))
    hand_over(message.endpoint, std::move(message.bytes));
  buffered_bytes_ = 0;
}

/// For example without free descriptors: there may be some later.
void ClientSockets::note_no_socket(const zmq::error_t& error) {
  unresolved_ = no_socket(error);
  resolve_again_ = std::chrono::steady_clock::now() + resolve_after;
}

void ClientSockets::send(TargetEndpoint endpoint, SharedBytes bytes) {
  if (control_) return hand_over(endpoint, std::move(bytes));
  if (buffered_bytes_ + bytes.size() > most_buffered) return;  // its sender will resend it
  buffered_bytes_ += bytes.size();
  waiting_.push_back({endpoint, std::move(bytes)});
}

void ClientSockets::hand_over(TargetEndpoint endpoint, SharedBytes bytes) {
  auto frame = to_frame(std::move(bytes));
  send_frame(endpoint == TargetEndpoint::put ? put_ : control_, frame);
}

void ClientSockets::connect_link(std::uint32_t generation, std::uint16_t port) {
  close_link();
  if (!control_) return;
  generation_ = generation;
  try {
    make_link(generation, port);
  } catch (const zmq::error_t&
               error) {  // the session requests another link if this one does not come up
    close_link();
    unresolved_ = no_socket(error);
  }
}

void ClientSockets::make_link(std::uint32_t generation, std::uint16_t port) {
  auto link = make_socket(context_, zmq::socket_type::pull);
  link.set(zmq::sockopt::reconnect_ivl, -1);   // a link lives as long as its one connection
  link.set(zmq::sockopt::connect_timeout, 0);  // the session decides
  link.set(zmq::sockopt::plain_username, std::to_string(generation));
  link.set(zmq::sockopt::plain_password, to_hex(topic_));
  const auto name = "inproc://link-" + to_hex(topic_) + "-" + std::to_string(++monitors_);
  if (zmq_socket_monitor(link.handle(), name.c_str(), link_events) != 0) throw zmq::error_t();
  zmq::socket_t monitor(context_, zmq::socket_type::pair);
  monitor.set(zmq::sockopt::linger, 0);
  monitor.connect(name);
  monitor_.set(std::move(monitor));
  link.connect(to_tcp(address_, port));
  link_.set(std::move(link));
  unresolved_.clear();
}

void ClientSockets::close_link() {
  if (link_.socket) zmq_socket_monitor(link_.socket.handle(), nullptr, 0);
  monitor_.close();
  link_.close();
}

void ClientSockets::descriptors(std::vector<pollfd>& items) const {
  for (const auto* inlet : {&notifications_, &link_, &monitor_})
    items.push_back({inlet->socket ? inlet->fd : -1, POLLIN, 0});
  items.push_back({resolver_.busy() ? resolver_.fd() : -1, POLLIN, 0});
  items.push_back({lookout_.fd(), POLLIN, 0});
}

void ClientSockets::ready(const pollfd* items) {
  for (auto* inlet : {&notifications_, &link_, &monitor_})
    if ((items++)->revents) inlet->ready = true;
}

Time ClientSockets::next() const {
  if (notifications_.ready || link_.ready || monitor_.ready) return Time::min();
  return std::min(resolve_again_, lookout_.next());
}

std::optional<Incoming::What> ClientSockets::link_event() {
  zmq::message_t event;
  std::uint16_t code = 0;
  if (!monitor_.ready || !monitor_.socket.recv(event, zmq::recv_flags::dontwait)) {
    monitor_.ready = false;
    return std::nullopt;
  }
  if (event.size() >= sizeof code) std::memcpy(&code, event.data(), sizeof code);
  for (bool more = event.more(); more;) {  // skip the address
    zmq::message_t rest;
    more = monitor_.socket.recv(rest) && rest.more();
  }
  return code == ZMQ_EVENT_HANDSHAKE_SUCCEEDED ? Incoming::What::link_up
                                               : Incoming::What::link_down;
}

/// Takes the result of a look-up of the broker's name, and starts another one when due.
void ClientSockets::follow_resolver() {
  if (!resolver_.busy() && resolve_again_ == never) return;
  if (const auto name = resolver_.take()) {
    if (!control_) resolved(*name);
  } else if (std::chrono::steady_clock::now() >= resolve_again_) {
    resolve_again_ = never;
    resolver_.begin();
  }
}

void ClientSockets::receive(std::vector<Incoming>& incoming) {
  follow_resolver();
  bool down = false;
  while (const auto event = link_event()) {
    if (*event == Incoming::What::link_up) incoming.push_back({*event, generation_, {}});
    down = down || *event == Incoming::What::link_down;
  }
  link_.ready = link_.socket && (link_.ready || down);
  Incoming link{Incoming::What::link, generation_, {}};
  for (std::size_t i = 0; (down || i < messages_per_turn) && link_.receive(1, link.frame); ++i) {
    incoming.push_back(std::move(link));
    link = {Incoming::What::link, generation_, {}};
  }
  if (down) incoming.push_back({Incoming::What::link_down, generation_, {}});
  const auto others = incoming.size();
  Incoming notification{Incoming::What::notification, 0, {}};
  for (std::size_t i = 0; i < messages_per_turn && notifications_.receive(2, notification.frame);
       ++i) {
    incoming.push_back(std::move(notification));
    notification = {Incoming::What::notification, 0, {}};
    choice_.answered();
  }
  const auto now = std::chrono::steady_clock::now();
  if (incoming.size() > others) lookout_.heard(now);
  lookout_.follow(now);
}

}  // namespace baton::internal
