// What goes over the delivery links, and how much of it at a time: large bodies in parts, windows
// of bytes under way. Pure.
//
// Invariants:
// 1. On one link no more is under way (sent, and not known to have arrived) than its window, but
// for one item or part; on
//    all links together no more than CoreSettings::links_window, but for `always` and one item or
//    part on each.
// 2. The parts of a body follow its `given`, with no other item between them.
// 3. A turn encodes at most CoreSettings::turn_bytes of items and as many of parts, but for the
// last one.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "broker/effects.hpp"
#include "broker/items.hpp"
#include "broker/session.hpp"
#include "broker/settings.hpp"
#include "broker/storage.hpp"
#include "proto/message.hpp"

namespace baton::internal::broker {

class DeliveryFlow {
 public:
  /// All of them must outlive this.
  DeliveryFlow(const CoreSettings& settings, Storage& storage, Effects& effects, Items& items)
      : settings_(settings),
        storage_(storage),
        effects_(effects),
        items_(items),
        turn_left_(turn_bytes()) {}

  /// Bytes of items that may be delivered to the session now. 0 or less: none, it waits until more
  /// has arrived.
  std::int64_t room(const Session& session) const;
  /// No more items in this turn, to nobody.
  bool turn_is_used_up() const { return turn_left_ <= 0; }

  /// Delivers an item with a body of `size` bytes, which is read here. Returns what is left of
  /// `room`.
  std::int64_t give(Session& session, Delivery delivery, std::uint32_t size, std::int64_t room);
  /// Whether it reads what it is sent. A consumer that requests and cancels without reading would
  /// be answered for nothing.
  bool is_read(const Session& session) const {
    return session.consumer.flow.bytes <= settings_.link_window + most_answers;
  }
  /// The answer to a cancelled request.
  void empty(Session& session);

  /// All up to delivery number `count` has arrived.
  void arrived(Session& session, std::uint64_t count) {
    if (!session.consumer.flow.under_way.empty() &&
        session.consumer.flow.under_way.front().end <= count)
      forget_arrived(session, count);
  }
  /// It is known at `now` how much has arrived, and so how fast the link is.
  void measure(Session& session, Time now);
  /// The link is gone, and what was under way with it.
  void forget(Session& session);

  /// The turn is over: sends parts of the bodies under way, in turns, as far as windows and time
  /// allow.
  void deal();
  /// More parts may go at once, with the next turn.
  bool has_more() const { return more_; }

  /// Whether a body is under way of which not all is sent.
  static bool is_parting(const Session& session) {
    return !session.consumer.flow.large.empty() && session.consumer.flow.large.back().end == 0;
  }
  std::uint64_t under_way() const { return under_way_; }

 private:
  // Bytes, beyond a window.
  static constexpr std::uint64_t most_answers = 2 * std::uint64_t{max_requests} * entry_head_size;

  std::int64_t turn_bytes() const { return static_cast<std::int64_t>(settings_.turn_bytes); }
  std::uint64_t window(const Session& session) const;
  std::int64_t window_room(const Session& session) const;
  std::uint64_t most_of_part(const Session& session) const;
  std::int64_t next_part(const Session& session, const QueuedItem& item) const;
  Effects::LinkMessage& message_for(Session& session, std::size_t size);
  std::string& entry_for(Session& session, std::size_t size);
  void note(Session& session, std::uint64_t bytes);
  void forget_arrived(Session& session, std::uint64_t count);
  void give_first_part(Session& session, Delivery& delivery, std::uint32_t size);
  void send_part(Session& session, const QueuedItem& item, std::size_t size);
  QueuedItem* held(const Session& session);

  const CoreSettings& settings_;
  Storage& storage_;
  Effects& effects_;
  Items& items_;
  std::uint64_t under_way_ = 0;   // on all links
  std::uint64_t active_ = 0;      // links on which something is under way
  std::int64_t turn_left_;        // bytes of items in this turn
  std::deque<Session*> parting_;  // by whose turn it is
  bool more_ = false;
};

}  // namespace baton::internal::broker
