// Who is given what is ready: requests of consumers, fair turns among them, and what has once cost
// a life alone.
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
  /// All of them must outlive this.
  Serving(const CoreSettings& settings, Storage& storage, Effects& effects, Books& books)
      : settings_(settings), books_(books), flow_(settings, storage, effects, books.items) {}

  /// Whether anything is delivered, to consumers and by pop().
  void set_delivering(bool delivering) { delivering_ = delivering; }
  bool delivering() const { return delivering_; }

  /// A consumer's session begins; it has ended, and holds nothing.
  void established(Session& session);
  void ends(Session& session);
  /// The session is lost, and its whole process may be: that is given nothing more until one of its
  /// sessions is heard.
  void doubt(Session& session);
  void heard(Session& session) {
    if (session.consumer.process && session.consumer.process->doubted)
      trust(*session.consumer.process);
  }

  void request(Session& session, std::uint64_t requested_in_all);
  /// Not while so much is under way to it that it cannot be reading.
  bool may_request(const Session& session) const { return flow_.is_read(session); }
  void cancel_requests(Session& session, std::uint32_t count);
  /// The session asks no more: it ends, or its link is made again.
  void forget_requests(Session& session);

  /// The queue has changed: somebody may be given something, its producers room, or it be
  /// forgotten.
  void to_serve(Queue& queue);
  /// Delivers what is ready to who asks, in all queues that changed, as far as the turn's work
  /// allows.
  void serve();
  bool has_to_serve() const { return !to_serve_.empty() || flow_.has_more() || again_; }

  /// The item, which is in no list, goes before all that were never delivered.
  void make_ready(QueuedItem& item, ItemId id);
  /// ... out of where it waits to be delivered.
  void take_ready(QueuedItem& item, ItemId id);
  /// Takes what is next of a queue that nobody asks of.
  std::optional<ItemId> pop(Queue& queue);
  /// The session takes up an item that did not come over its link.
  void takes(Session& session, const QueuedItem& item);
  /// The session has put something down.
  void hands_are_freer(Session& session, bool suspect);

  /// Of its present link, everything up to this number has arrived.
  void arrived(Session& session, SeqNo number, Time now);
  /// All up to delivery number `count` has arrived.
  void arrived(Session& session, std::uint64_t count) { flow_.arrived(session, count); }
  /// Its link is gone.
  void forget_link(Session& session) { flow_.forget(session); }
  std::uint64_t bytes_under_way() const { return flow_.under_way(); }

  /// A turn moves so many items in each way (delivered, taken back) as CoreSettings::turn_work
  /// says; what else there is to do is for the next one, which begins at once. What one message or
  /// the end of one session asks for is done whole: a session holds max_requests items at most.
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
  static Session* who_holds_nothing(const Queue& queue);
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
  std::vector<Session*> full_;                    // ask, and have no room on their links
  bool again_ = false;                            // of these, some have room now
  std::uint64_t suspects_ = 0;                    // in all queues
  std::uint64_t delivered_ = 0, taken_back_ = 0;  // in this turn
};

}  // namespace baton::internal::broker
