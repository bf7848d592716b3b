// Limits how many bytes per second a connection may bring, at a port where clients send little.
//
// A client subscribes at the notification endpoint once per session. On each use of the socket
// libzmq reads everything that has arrived and searches its topics for each message, so while a
// stranger subscribes and unsubscribes endlessly, that call does not return. libzmq therefore uses
// our recv(), which ends such a connection.
#pragma once

#include <cstddef>
#include <cstdint>

namespace baton::internal::broker {

/// Bytes per second. A handshake takes about 110, a subscription 20 or 27; a client begins a few
/// sessions per second, at most.
inline constexpr std::size_t most_received = 1u << 10;

/// From now on the limit applies to connections accepted at `port`. One port at a time. Any thread.
void limit_received_at(std::uint16_t port);

/// `fd` is a socket that was just accepted.
void note_accepted(int fd);

/// Connections ended by the limit so far, in this process. Any thread.
std::uint64_t received_too_much();

}  // namespace baton::internal::broker
