#include "proto/heartbeat.hpp"

#include "proto/bytes.hpp"

namespace baton::internal {
namespace {

enum HeartbeatFlag : std::uint8_t { heartbeat_rewind = 1 };

}  // namespace

std::string encode_heartbeat(const Header& header, const Heartbeat& heartbeat) {
  std::string out = message_of(header, heartbeat_size);
  append(out, heartbeat.put_sent.value);
  append(out, heartbeat.control_sent.value);
  append(out, heartbeat.feed_position.value);
  append(out, heartbeat.link_received.value);
  append(out, heartbeat.link_generation);
  append(out, static_cast<std::uint32_t>(heartbeat.rewind ? heartbeat_rewind : 0));
  return out;
}

Refusal decode_heartbeat(std::string_view payload, Heartbeat& heartbeat) {
  if (payload.size() < heartbeat_size)
    return Refusal::malformed;  // later versions may append fields
  Reader in(payload);
  heartbeat.put_sent.value = in.take<std::uint64_t>();
  heartbeat.control_sent.value = in.take<std::uint64_t>();
  heartbeat.feed_position.value = in.take<std::uint64_t>();
  heartbeat.link_received.value = in.take<std::uint64_t>();
  heartbeat.link_generation = in.take<std::uint32_t>();
  heartbeat.rewind = in.take<std::uint32_t>() & heartbeat_rewind;
  return Refusal::none;
}

}  // namespace baton::internal
