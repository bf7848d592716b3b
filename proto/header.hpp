// The beginning of every message. A message is one ZeroMQ frame (notifications have a topic frame
// before it): a header of 40 bytes, then a payload of one of three kinds: entries (put, control,
// deliveries, outcome, console), a fixed block (heartbeat, confirm), or JSON (hello, welcome,
// refusal). Numbers are little-endian.
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
  hello = 2,      ///< JSON: who the client is; begins a session
  control = 3,    ///< entries of the control stream
  heartbeat = 4,  ///< Heartbeat: a sign of life, with the client's positions
  probe = 5,      ///< empty: is a broker here? Sent by a program that is not a client; it has
                  ///< subscribed to the topic of the session in the header
  // notifications, to one session
  welcome = 16,  ///< JSON: the session is established
  confirm = 17,  ///< Confirm: how far the broker is; also its heartbeat
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

/// Writes `header` to the header_size bytes at `at`.
void write_header(char* at, const Header& header);

/// Reads the header at the front of `frame`; the payload follows it. On a refusal `header` has what
/// could be read.
Refusal read_header(std::string_view frame, Header& header);

inline std::string_view payload_of(std::string_view frame) { return frame.substr(header_size); }

/// A message's header, with room for `payload` bytes.
std::string message_of(const Header& header, std::size_t payload);
/// A complete message.
std::string encode_json(const Header& header, std::string_view json);

}  // namespace baton::internal
