// Receiving from ZeroMQ sockets, and sending to them, without waiting.
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

/// The address that `message` came from, as text: a place in what libzmq keeps of the connection,
/// so that it names the connection, too, as long as a message of it is kept. nullptr when the
/// connection has ended and libzmq itself speaks for it.
inline const char* peer_of(zmq::message_t& message) {
  return zmq_msg_gets(message.handle(), "Peer-Address");
}

/// One frame; false when there is none.
inline bool receive_frame(zmq::socket_ref socket, zmq::message_t& frame) {
  return zmq_uninterrupted(
      [&] { return socket.recv(frame, zmq::recv_flags::dontwait).has_value(); });
}

/// A frame of the bytes that `owner` holds, without a copy. libzmq does not change them, and a
/// thread of its own deletes the owner when they are sent.
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

/// One frame; false when there is no room for it now: then it is as it was.
inline bool send_frame(zmq::socket_ref socket, zmq::message_t& frame) {
  return zmq_uninterrupted(
      [&] { return socket.send(frame, zmq::send_flags::dontwait).has_value(); });
}

inline bool send_frame(zmq::socket_ref socket, zmq::const_buffer bytes, bool more = false) {
  const auto flags =
      zmq::send_flags::dontwait | (more ? zmq::send_flags::sndmore : zmq::send_flags::none);
  return zmq_uninterrupted([&] { return socket.send(bytes, flags).has_value(); });
}

/// Receives one message of any number of frames; false when there is none. `frames` counts them,
/// `first` is the first.
inline bool receive(zmq::socket_t& socket, zmq::message_t& first, int& frames) {
  if (!receive_frame(socket, first)) return false;
  frames = 1;
  zmq::message_t more;
  for (bool last = !first.more(); !last; last = !more.more(), ++frames)
    if (!receive_frame(socket, more)) break;
  return true;
}

}  // namespace baton::internal
