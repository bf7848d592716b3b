// Why a message was refused. A refusal discards that message; some also end the session
// (ends_session).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace baton::internal {

/// A code for machines. name(refusal) is its name on the wire, meaning(refusal) the sentence for
/// people.
enum class Refusal : std::uint8_t {
  none,                   ///< accepted
  short_frame,            ///< no complete header
  magic,                  ///< not a message of this protocol
  version,                ///< another version of it
  unknown_type,           ///< a message type that this version does not know
  frames,                 ///< more or fewer ZeroMQ frames than one
  malformed,              ///< the payload does not match the type
  too_large,              ///< a body, block or message beyond its limit
  wrong_broker_instance,  ///< addressed to an earlier broker instance: say hello
  unknown_session,        ///< no such session, or it has ended: say hello
  wrong_role,             ///< not a message for this role
  wrong_endpoint,         ///< not a message for this endpoint
  queue_name,             ///< the queue name is empty, too long, or has a forbidden character
  hello,                  ///< a field of the hello is invalid
  over_credit,            ///< exceeds the credit granted by the broker
  not_held,               ///< ack, fail or release of an item that the session does not hold
  fenced,                 ///< a newer session has taken over this producer's name
  sessions_full,          ///< no delivery link or no room for a session left: retry later
  not_yet,                ///< earlier puts of this name are not stored yet: a welcome follows
  not_allowed,            ///< this key's role may not do that (keys come with a later version)
};
inline constexpr std::size_t refusal_count = 20;

std::string_view name(Refusal refusal);
std::string_view meaning(Refusal refusal);

/// Whether it ends the session: the client must give up (or begin a new session, after
/// wrong_broker_instance, unknown_session and sessions_full).
bool ends_session(Refusal refusal);

/// The reverse of name(); Refusal::none for an unknown one.
Refusal refusal_from(std::string_view name);

}  // namespace baton::internal
