// Distributes ready items: consumers' requests, fair turns among them, and suspects delivered
// alone.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "broker/books.hpp"
#include "broker/delivery_flow.hpp"
#include "broker/effects.hpp"
#include "broker/holders.hpp"
#include "broker/session.hpp"
#include "broker/settings.hpp"
#include "broker/storage.hpp"

namespace baton::internal::broker {

class Serving {
 public:
  /// All must outlive it.
  Serving(const CoreSettings& settings, Storage& storage, Effects& effects, Books& books)
      : settings_(settings), books_(books), flow_(settings, storage, effects, books.items) {}

  /// Whether items are delivered, to consumers and by pop().
  void set_delivering(bool delivering) { delivering_ = delivering; }
  bool delivering() const { return delivering_; }

  /// A consumer session begins / has ended and holds nothing.
  void established(Session& session);
  void ends(Session& session);
  /// The session is lost, and its whole process may be: the process gets nothing until one of its
  /// sessions is heard from.
  void doubt(Session& session);
  void heard(Session& session) {
    if (session.consumer.process && session.consumer.process->doubted)
      trust(*session.consumer.process);
  }

  void request(Session& session, std::uint64_t requested_in_all);
  /// False while so much is under way to it that it cannot be reading.
  bool may_request(const Session& session) const { return flow_.is_read(session); }
  void cancel_requests(Session& session, std::uint32_t count);
  /// Forgets its requests: the session ends, or gets a new link.
  void forget_requests(Session& session);

  /// The queue has changed: it may have items to deliver, room for its producers, or no use.
  void to_serve(Queue& queue);
  /// Delivers ready items to sessions that request them, in all queues that changed, as far as the
  /// turn's work allows.
  void serve();
  bool has_to_serve() const { return !to_serve_.empty() || flow_.has_more() || again_; }

  /// The item, which is in no list, becomes ready, before all that were never delivered.
  void make_ready(QueuedItem& item, ItemId id);
  /// Takes the item out of the ready ones.
  void take_ready(QueuedItem& item, ItemId id);
  /// Takes the next item of a queue without consumers.
  std::optional<ItemId> pop(Queue& queue);
  /// The session now holds an item that did not come over its link.
  void takes(Session& session, const QueuedItem& item);
  /// The session no longer holds some item.
  void note_holds_less(Session& session, bool suspect);

  /// On its current link, everything up to this number has arrived.
  void arrived(Session& session, SeqNo number, Time now);
  /// Everything up to delivery number `count` has arrived.
  void arrived(Session& session, std::uint64_t count) { flow_.arrived(session, count); }
  /// Its link is closed.
  void forget_link(Session& session) { flow_.forget(session); }
  std::uint64_t bytes_under_way() const { return flow_.under_way(); }

  /// A turn moves at most CoreSettings::turn_work items each way (delivered, taken back); the rest
  /// is left to the next turn, which begins at once. What one message or the end of one session
  /// requires is done whole: a session holds at most max_requests items.
  bool may_deliver() const { return delivered_ < settings_.turn_work; }
  bool may_take_back() const { return taken_back_ < settings_.turn_work; }
  void note_taken_back() { ++taken_back_; }
  void end_turn() { delivered_ = taken_back_ = 0; }

  std::uint64_t suspects() const { return suspects_; }  ///< ready ones, in all queues

 private:
  void serve(const std::vector<Queue*>& queues);
  void serve(Queue& queue);
  std::int64_t deliver(Session& session, Queue& queue, ItemId id, std::int64_t room);
  void join_waiting(Session& session);
  void leave_waiting(Session& session, const Queue* left = nullptr);
  void wait_for_room(Session& session, const Queue* left = nullptr);
  void let_in();
  bool may_take(const Session* session) const { return flow_.room(*session) > 0; }
  // Suspects.
  bool suspect_goes_next(const Queue& queue) const;
  bool serve_suspects(Queue& queue);
  static Session* find_idle_session(const Queue& queue);
  void reserve(Queue& queue);
  void unreserve(Queue& queue);
  void set_aside(HolderProcess& process);
  void join_waiting_again(HolderProcess& process);
  void trust(HolderProcess& process);

  const CoreSettings& settings_;
  Books& books_;
  DeliveryFlow flow_;
  Holders holders_;
  bool delivering_ = true;
  std::vector<Queue*> to_serve_;
  std::vector<Session*> full_;                    // request items, and have no room on their links
  bool again_ = false;                            // some of full_ have room now
  std::uint64_t suspects_ = 0;                    // in all queues
  std::uint64_t delivered_ = 0, taken_back_ = 0;  // in the current turn
};

}  // namespace baton::internal::broker
