// What goes over the delivery links, and when: large bodies in parts, windows of bytes under way
// (sent, and not known to have arrived). Pure.
//
// Invariants:
// 1. On one link at most its window is under way, exceeded by one item or part; on all links
//    together at most CoreSettings::links_window, exceeded by `always` and one item or part per
//    link.
// 2. The parts of a body follow its `given`, with no other item between them.
// 3. A turn encodes at most CoreSettings::turn_bytes of items and as many of parts, exceeded by the
//    last one.
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
  /// All must outlive it.
  DeliveryFlow(const CoreSettings& settings, Storage& storage, Effects& effects, Items& items)
      : settings_(settings),
        storage_(storage),
        effects_(effects),
        items_(items),
        turn_left_(turn_bytes()) {}

  /// How many bytes of items may be delivered to the session now. If 0 or less, the session waits
  /// until more has arrived.
  std::int64_t room(const Session& session) const;
  /// No more items are delivered in this turn, to any session.
  bool turn_is_used_up() const { return turn_left_ <= 0; }

  /// Delivers an item with a body of `size` bytes, which is read from the storage here. Returns
  /// what is left of `room`.
  std::int64_t give(Session& session, Delivery delivery, std::uint32_t size, std::int64_t room);
  /// Whether the consumer reads its link. Otherwise a consumer that requests and cancels without
  /// reading would fill memory with answers.
  bool is_read(const Session& session) const {
    return session.consumer.flow.bytes <= settings_.link_window + most_answers;
  }
  /// The answer to a cancelled request.
  void empty(Session& session);

  /// Everything up to delivery number `count` has arrived.
  void arrived(Session& session, std::uint64_t count) {
    if (!session.consumer.flow.under_way.empty() &&
        session.consumer.flow.under_way.front().end <= count)
      forget_arrived(session, count);
  }
  /// Measures the link's speed from what has arrived by `now`.
  void measure(Session& session, Time now);
  /// The link is closed; what was under way on it is lost.
  void forget(Session& session);

  /// At the end of a turn: sends parts of bodies, round robin, as far as windows and time allow.
  void deal();
  /// More parts can be sent at once, in the next turn.
  bool has_more() const { return more_; }

  /// Whether a body is only partly sent.
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
  std::deque<Session*> parting_;  // bodies in parts, in the order of their turns
  bool more_ = false;
};

}  // namespace baton::internal::broker
