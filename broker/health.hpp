// Asks a broker whether it is alive, without becoming one of its clients.
#pragma once

#include "net/endpoint.hpp"
#include "proto/limits.hpp"

namespace baton::broker {

/// True when a broker answers at `endpoint` within `patience`.
bool broker_answers(const Endpoint& endpoint, Duration patience);

}  // namespace baton::broker
