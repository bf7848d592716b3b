// Receives from and sends to ZeroMQ sockets, without blocking.
#pragma once

#include <chrono>
#include <memory>
#include <string_view>
#include <utility>
#include <zmq.hpp>

#include "net/uninterrupted.hpp"

namespace baton::internal {

using Clock = std::chrono::steady_clock;

inline std::string_view bytes_of(const zmq::message_t& message) {
  return {message.data<char>(), message.size()};
}

/// The address that `message` came from, as text. The pointer leads into libzmq's data about the
/// connection, so it also identifies the connection while a message of it is kept. nullptr if the
/// connection has ended and the message is libzmq's own.
inline const char* peer_of(zmq::message_t& message) {
  return zmq_msg_gets(message.handle(), "Peer-Address");
}

/// Receives one frame; false if there is none.
inline bool receive_frame(zmq::socket_ref socket, zmq::message_t& frame) {
  return zmq_uninterrupted(
      [&] { return socket.recv(frame, zmq::recv_flags::dontwait).has_value(); });
}

/// A frame with the bytes of `owner`, without a copy. libzmq does not change them; one of its
/// threads deletes the owner after sending.
template <class Owner>
zmq::message_t frame_of(Owner owner) {
  auto kept = std::make_unique<Owner>(std::move(owner));
  const std::string_view bytes = *kept;
  zmq::message_t frame(
      const_cast<char*>(bytes.data()), bytes.size(),
      [](void*, void* hint) { delete static_cast<Owner*>(hint); }, kept.get());
  static_cast<void>(kept.release());
  return frame;
}

/// Sends one frame; false, leaving it unchanged, if there is no room now.
inline bool send_frame(zmq::socket_ref socket, zmq::message_t& frame) {
  return zmq_uninterrupted(
      [&] { return socket.send(frame, zmq::send_flags::dontwait).has_value(); });
}

inline bool send_frame(zmq::socket_ref socket, zmq::const_buffer bytes, bool more = false) {
  const auto flags =
      zmq::send_flags::dontwait | (more ? zmq::send_flags::sndmore : zmq::send_flags::none);
  return zmq_uninterrupted([&] { return socket.send(bytes, flags).has_value(); });
}

/// Receives one message of any number of frames; false if there is none. `frames` counts them,
/// `first` is the first one.
inline bool receive(zmq::socket_t& socket, zmq::message_t& first, int& frames) {
  if (!receive_frame(socket, first)) return false;
  frames = 1;
  zmq::message_t more;
  for (bool last = !first.more(); !last; last = !more.more(), ++frames)
    if (!receive_frame(socket, more)) break;
  return true;
}

}  // namespace baton::internal
