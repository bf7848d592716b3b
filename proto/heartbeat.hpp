// How far a client is; also a sign of life.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/header.hpp"
#include "proto/ids.hpp"
#include "proto/refusal.hpp"

namespace baton::internal {

/// Sent by a client every heartbeat_interval, and when the broker should know sooner.
struct Heartbeat {
  SeqNo put_sent;       ///< last number of the put stream
  SeqNo control_sent;   ///< last number of the control stream
  SeqNo feed_position;  ///< last number received of the feed (printers: last line printed, not only
                        ///< received)
  SeqNo link_received;
  std::uint32_t link_generation = 0;
  bool rewind = false;  ///< something is missing after `feed_position`: resend

  bool operator==(const Heartbeat&) const = default;
};
inline constexpr std::size_t heartbeat_size = 40;

std::string encode_heartbeat(const Header& header,
                             const Heartbeat& heartbeat);  ///< whole, with header
/// Decodes a payload; returns a refusal if it is malformed.
Refusal decode_heartbeat(std::string_view payload, Heartbeat& heartbeat);

}  // namespace baton::internal
