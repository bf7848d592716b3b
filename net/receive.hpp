// Receiving from ZeroMQ sockets without waiting.
#pragma once

#include <chrono>
#include <string_view>
#include <zmq.hpp>

namespace baton {

using Clock = std::chrono::steady_clock;

inline std::string_view bytes_of(const zmq::message_t& message) { return {message.data<char>(), message.size()}; }

/// Receives one message of any number of frames; false when there is none. `frames` counts them, `first` is the first.
inline bool receive(zmq::socket_t& socket, zmq::message_t& first, int& frames) {
  if (!socket.recv(first, zmq::recv_flags::dontwait)) return false;
  frames = 1;
  zmq::message_t more;
  for (bool last = !first.more(); !last; last = !more.more(), ++frames)
    if (!socket.recv(more, zmq::recv_flags::dontwait)) break;
  return true;
}

}  // namespace baton
