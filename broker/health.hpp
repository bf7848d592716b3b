// Asks a broker whether it is alive, without becoming one of its clients.
#pragma once

#include "net/broker_address.hpp"
#include "proto/limits.hpp"

namespace baton::internal::broker {

/// True when a broker answers at `broker` within `time_limit`.
bool broker_answers(const BrokerAddress& broker, Duration time_limit);

}  // namespace baton::internal::broker
