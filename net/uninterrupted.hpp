// As os/uninterrupted.hpp, of calls of ZeroMQ.
#pragma once

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <zmq.hpp>

namespace baton::internal {

/// A call of cppzmq's, which throws EINTR then, and has done nothing.
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

/// As zmq::poll(), for callers that look at the clock anyway: a handler ends the wait, and nothing
/// is ready.
inline void poll_sockets(zmq::pollitem_t* items, std::size_t count,
                         std::chrono::milliseconds timeout) {
  if (zmq_poll(items, static_cast<int>(count), static_cast<long>(timeout.count())) < 0 &&
      errno != EINTR)
    throw zmq::error_t();
}

}  // namespace baton::internal
