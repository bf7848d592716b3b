// How far a client is, and that it lives.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/header.hpp"
#include "proto/ids.hpp"
#include "proto/refusal.hpp"

namespace baton::internal {

/// From a client, every heartbeat_interval and whenever the broker should know sooner.
struct Heartbeat {
  SeqNo put_sent;       ///< last number of the put stream
  SeqNo control_sent;   ///< last number of the control stream
  SeqNo feed_position;  ///< last number of the broker's stream to this session (outcomes; lines:
                        ///< printed, not only read)
  SeqNo link_received;
  std::uint32_t link_generation = 0;
  bool rewind = false;  ///< something is missing after `feed_position`: send it again

  bool operator==(const Heartbeat&) const = default;
};
inline constexpr std::size_t heartbeat_size = 40;

std::string encode_heartbeat(const Header& header,
                             const Heartbeat& heartbeat);  ///< whole, with header
/// From a payload; a refusal when it is not of the right form.
Refusal decode_heartbeat(std::string_view payload, Heartbeat& heartbeat);

}  // namespace baton::internal
