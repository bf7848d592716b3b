// Like os/uninterrupted.hpp, for ZeroMQ calls.
#pragma once

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <zmq.hpp>

namespace baton::internal {

/// `call` uses cppzmq, which throws EINTR when interrupted, without any effect.
template <class Call>
auto zmq_uninterrupted(Call call) {
  for (;;) {
    try {
      return call();
    } catch (const zmq::error_t& error) {
      if (error.num() != EINTR) throw;
    }
  }
}

/// Like zmq::poll(), for callers that check the clock anyway: if a signal handler ends the wait,
/// nothing is ready.
inline void poll_sockets(zmq::pollitem_t* items, std::size_t count,
                         std::chrono::milliseconds timeout) {
  if (zmq_poll(items, static_cast<int>(count), static_cast<long>(timeout.count())) < 0 &&
      errno != EINTR)
    throw zmq::error_t();
}

}  // namespace baton::internal
