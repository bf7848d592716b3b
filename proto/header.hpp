// What every message begins with: one ZeroMQ frame (in notifications a topic frame goes before it),
// a header of 40 bytes, then a payload of one of three kinds: entries (put, control, deliveries,
// outcome, console), a fixed block (heartbeat, confirm), or JSON (hello, welcome, refusal). Numbers
// are little-endian.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/ids.hpp"
#include "proto/limits.hpp"
#include "proto/refusal.hpp"

namespace baton::internal {

enum class MessageType : std::uint8_t {
  // to the put endpoint
  put = 1,  ///< entries of the put stream
  // to the control endpoint
  hello = 2,      ///< JSON: who I am; begins a session
  control = 3,    ///< entries of the control stream
  heartbeat = 4,  ///< Heartbeat: I live, and this is how far I am
  probe = 5,  ///< nothing: is a broker here? By who is no client, subscribed to the session's topic
              ///< that it names
  // notifications, to one session
  welcome = 16,  ///< JSON: the session stands
  confirm = 17,  ///< Confirm: how far the broker is; its heartbeat, too
  refusal = 18,  ///< JSON: what was refused, and why
  outcome = 19,  ///< entries: what became of a producer's items
  console = 20,  ///< entries: console lines, to a printer
  alive = 21,    ///< JSON: the answer to a probe
  // on a link
  deliveries = 32,  ///< entries: items, and the answers to cancelled requests
};

struct Header {
  MessageType type{};
  std::uint16_t count = 0;         ///< entries in the payload; 0 for other payloads
  BrokerInstance broker_instance;  ///< the broker's; 0 in the first hello
  SessionId session;
  SeqNo number;  ///< the number of the first entry; 0 for other payloads
};
inline constexpr std::size_t header_size = 40;

/// Writes `header` over the header_size bytes at `at`.
void write_header(char* at, const Header& header);

/// Reads a header off the front of `frame`. The payload follows it. On a refusal `header` holds
/// what could be read.
Refusal read_header(std::string_view frame, Header& header);

inline std::string_view payload_of(std::string_view frame) { return frame.substr(header_size); }

/// A message's header, with room for so many bytes of payload.
std::string message_of(const Header& header, std::size_t payload);
/// A whole message.
std::string encode_json(const Header& header, std::string_view json);

}  // namespace baton::internal
