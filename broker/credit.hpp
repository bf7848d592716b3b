// How far producers may run ahead: the only back-pressure there is, since every socket is always
// read.
#pragma once

#include "broker/queue.hpp"
#include "broker/session.hpp"
#include "broker/settings.hpp"

namespace baton::internal::broker {

/// Numbers that the session may still use.
std::uint64_t unused_credit(const Session& session);

/// Extends a producer session's credit where its queue has room. Returns whether it changed.
///
/// Room is max_items - depth - what was granted and not used. All producers together may have half
/// of max_items granted and unused, one of them its fair share of that, so that idle producers
/// never hold all the room; and one item at least while there is room, so that none starves. A
/// queue never holds more than max_items, but where producers are so many that one item each is
/// more than that (max_items < 2 * producers): then one more for each of them; and but for what is
/// put again after the end of a broker (room_for).
bool extend_credit(Session& session, const CoreSettings& settings);

/// What of a put message may come in.
struct PutRoom {
  std::uint32_t items;       ///< so many of its items, counted from the first
  bool over_credit = false;  ///< the next one is more than the session was ever granted
};
/// Its items begin with number `first`. Beyond what this session was granted, an honest client
/// sends only what it put under an earlier one: that comes in as far as there is room (`room`: the
/// storage has some), and is else left for later, as if it had been lost. Up to `again` it comes in
/// also where the queue is full: the broker before this one had room for it, and may have handed it
/// off.
PutRoom room_for(const Session& session, const CoreSettings& settings, bool room, SeqNo again,
                 SeqNo first, const PutItems& put);
/// The session is told of this much: it may rely on it from now on.
void grant_bytes(Session& session, std::uint64_t put_window);

/// The session put `count` items within its credit.
void use_credit(Session& session, SeqNo received_before);

/// Takes a session that ends off its queue's books.
void return_credit(Session& session);

/// Bytes that the session may have unconfirmed, and what holds it back when that or its credit is
/// used up.
std::uint64_t put_window(const Session& session, const CoreSettings& settings);
Held put_held(const Session& session, const CoreSettings& settings);

}  // namespace baton::internal::broker
