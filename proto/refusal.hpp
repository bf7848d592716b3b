// Why a message was refused. A refusal costs the sender that one message; `fatal` ones cost it the
// session.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace baton::internal {

/// A code for machines. Its name on the wire is name(refusal); the sentence for people is
/// meaning(refusal).
enum class Refusal : std::uint8_t {
  none,                   ///< not refused
  short_frame,            ///< no whole header
  magic,                  ///< not a message of this protocol
  version,                ///< another version of it
  unknown_type,           ///< a message type that this version does not know
  frames,                 ///< more or fewer ZeroMQ frames than one
  malformed,              ///< the payload is not what the type says
  too_large,              ///< a body, block or message beyond its limit
  wrong_broker_instance,  ///< it speaks to an earlier broker: say hello
  unknown_session,        ///< no such session, or it has ended: say hello
  wrong_role,             ///< not a message of this role
  wrong_endpoint,         ///< not a message of this endpoint
  queue_name,             ///< a queue name that is empty, too long, or has a forbidden character
  hello,                  ///< a hello whose fields are not what they must be
  over_credit,            ///< sent further than the broker had granted
  not_held,               ///< ack, fail or release of an item that the session does not hold
  fenced,                 ///< a newer session has taken this producer's name
  sessions_full,          ///< no link, or no room for a session, is left: try again later
  not_yet,  ///< what processes of this name have put before is not stored yet: a welcome follows
  not_allowed,  ///< this key's role may not do that (keys come with a later version)
};
inline constexpr std::size_t refusal_count = 20;

std::string_view name(Refusal refusal);
std::string_view meaning(Refusal refusal);

/// True when the session cannot go on after it; the client must give up (or begin a new session,
/// for wrong_broker_instance, unknown_session and sessions_full).
bool ends_session(Refusal refusal);

/// The reverse of name(); Refusal::none for an unknown one.
Refusal refusal_from(std::string_view name);

}  // namespace baton::internal
