// Ends the connection of a peer that ignores its credit.
#pragma once

#include <zmq.hpp>

namespace baton::internal {

/// Ends the TCP connection that `message` came over; data received before still arrives. ZeroMQ has
/// no call for this. It only reports the descriptor, which may belong to another connection by now:
/// so nothing is done if the peer's address differs; if it is the same, an innocent client at worst
/// has to reconnect. Returns whether a connection was ended.
bool cut_off(zmq::message_t& message);

}  // namespace baton::internal
