// A bound on what a connection brings in a second, at a port where clients have little to say.
//
// At the notification endpoint a client subscribes, once in each session. libzmq takes in all that
// has come each time that the socket is touched, and walks its topics for each: while a stranger
// subscribes and unsubscribes on and on, that call does not return. So libzmq is given a recv() of
// ours, by which such a connection has ended.
#pragma once

#include <cstddef>
#include <cstdint>

namespace baton::internal::broker {

/// Bytes in a second. A handshake takes some 110, a subscription 20 or 27; a client begins some
/// sessions in a second, at most.
inline constexpr std::size_t most_received = 1u << 10;

/// From now on connections that are accepted at `port` have that bound. One port at a time. Any
/// thread.
void limit_received_at(std::uint16_t port);

/// Of a socket that was just accepted.
void note_accepted(int fd);

/// Connections that were ended so far, in this process. Any thread.
std::uint64_t received_too_much();

}  // namespace baton::internal::broker
