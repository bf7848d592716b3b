// Every ZeroMQ socket of this system is made here, so that the rules which keep libzmq from
// aborting, blocking or losing silently hold for all of them.
#pragma once

#include <cstdint>
#include <zmq.hpp>

namespace baton::internal {

/// A context for up to `sockets` sockets (monitors and inproc ones count). Raises the process's
/// limit of open files as far as it may. Throws std::runtime_error, naming both figures, when the
/// limit is too low for so many sockets.
zmq::context_t make_context(int io_threads, int sockets = 64);

/// How many files this process may open; raises that limit as far as it may.
std::uint64_t files_possible();

/// How many sockets, `wanted` at most, the limit of open files allows; raises that limit as far as
/// it may.
int sockets_possible(int wanted);

/// A socket with these options; callers set more:
/// - RCVHWM 0: a peer's PING behind a reached high-water mark aborts the process when that
/// connection breaks. Always
///   read every socket; credit holds senders back. SNDHWM 0 for PUSH for the same reason: credit
///   bounds it.
/// - never HEARTBEAT_*: the same assertion from the local timer. Heartbeats are our own; keepalive
/// and MAXRT find dead peers.
/// - CONNECT_TIMEOUT 1 s, RECONNECT_IVL 50 ms to 500 ms, HANDSHAKE_IVL 3 s, LINGER 0, IPV6, BACKLOG
/// 1024.
/// - MAXMSGSIZE max_message: a larger frame costs its sender the connection.
zmq::socket_t make_socket(zmq::context_t& context, zmq::socket_type type);

}  // namespace baton::internal
