// Creates all ZeroMQ sockets of this system, so that the rules that keep libzmq from aborting,
// blocking or silently losing messages hold for all of them.
#pragma once

#include <cstdint>
#include <zmq.hpp>

namespace baton::internal {

/// A context for up to `sockets` sockets (including monitors and inproc ones). Raises the process's
/// limit of open files as far as possible. Throws std::runtime_error, naming both numbers, if the
/// limit is too low.
zmq::context_t make_context(int io_threads, int sockets = 64);

/// How many files this process may open; raises that limit as far as possible.
std::uint64_t files_possible();

/// How many sockets, at most `wanted`, the limit of open files allows; raises that limit as far as
/// possible.
int sockets_possible(int wanted);

/// A socket with these options; callers set more:
/// - RCVHWM 0: if a peer's PING is queued behind a reached high-water mark, libzmq aborts the
///   process when that connection breaks. Always read every socket; credit limits senders. SNDHWM 0
///   for PUSH for the same reason: credit bounds it.
/// - never HEARTBEAT_*: the local timer can trigger the same assertion. We have our own heartbeats;
///   keepalive and MAXRT find dead peers.
/// - CONNECT_TIMEOUT 1 s, RECONNECT_IVL 50 ms to 500 ms, HANDSHAKE_IVL 3 s, LINGER 0, IPV6, BACKLOG
///   1024.
/// - MAXMSGSIZE max_message: a sender of a larger frame is disconnected.
zmq::socket_t make_socket(zmq::context_t& context, zmq::socket_type type);

}  // namespace baton::internal
