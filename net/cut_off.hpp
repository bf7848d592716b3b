// Ends the connection of a peer that heeds no credit.
#pragma once

#include <zmq.hpp>

namespace baton::internal {

/// Ends the TCP connection that `message` came over; what has come over it by now still arrives.
/// ZeroMQ has no call for this. It says the descriptor, which may be another connection's by now:
/// so where the peer's address is not the same nothing is done, and where it is, a client loses a
/// connection, and makes a new one. Returns whether one was ended.
bool cut_off(zmq::message_t& message);

}  // namespace baton::internal
