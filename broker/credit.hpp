// How far producers may run ahead. This is the only back-pressure, since every socket is always
// read.
#pragma once

#include "broker/queue.hpp"
#include "broker/session.hpp"
#include "broker/settings.hpp"

namespace baton::internal::broker {

/// Put numbers that the session may still use.
std::uint64_t unused_credit(const Session& session);

/// Extends a producer session's credit where its queue has room. Returns whether it changed.
///
/// Room is max_items - depth - credit granted and not used. Half of max_items may be granted and
/// unused by all producers together, and each gets at most its fair share of that, so idle
/// producers never take all the room. While there is room each producer gets at least one item, so
/// none starves. A queue never holds more than max_items, with two exceptions: with many producers
/// (max_items < 2 * producers) one item more for each of them, and items that are put again after
/// the broker ended (room_for).
bool extend_credit(Session& session, const CoreSettings& settings);

/// How much of a put message is accepted.
struct PutRoom {
  std::uint32_t items;       ///< how many of its items, from the first
  bool over_credit = false;  ///< the next item exceeds what the session was ever granted
};
/// The message's items begin with number `first`. Beyond this session's credit an honest client
/// sends only what it put under an earlier session. That is accepted as far as there is room
/// (`room`: the storage has some); the rest is left for later, as if it had been lost. Up to number
/// `again` items are accepted even if the queue is full: the previous broker instance had room for
/// them and may have delivered them.
PutRoom room_for(const Session& session, const CoreSettings& settings, bool room, SeqNo again,
                 SeqNo first, const PutItems& put);
/// The session is told this window; it may rely on it from now on.
void grant_bytes(Session& session, std::uint64_t put_window);

/// The session put items after `received_before`, within its credit.
void use_credit(Session& session, SeqNo received_before);

/// Removes an ending session's credit from its queue.
void return_credit(Session& session);

/// How many unconfirmed bytes the session may have, and what holds it back when they or its credit
/// are used up.
std::uint64_t put_window(const Session& session, const CoreSettings& settings);
Held put_held(const Session& session, const CoreSettings& settings);

}  // namespace baton::internal::broker
