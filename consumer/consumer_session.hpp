// A consumer's side of the protocol: requests, items in hand, settling. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/client_session.hpp"
#include "client/inbox.hpp"
#include "client/logic.hpp"
#include "consumer/assembly.hpp"
#include "consumer/delivery_link.hpp"
#include "consumer/holdings.hpp"
#include "consumer/link_report.hpp"
#include "consumer/settled_runs.hpp"

namespace baton::internal {

/// Invariants:
/// 1. A received item is in exactly one place: incoming (in parts), waiting (in the inbox), held
///    (taken, not settled), or settled.
/// 2. Outstanding requests never exceed what is wanted: takers + prefetch - waiting - incoming.
/// 3. Only held items are settled, each once.
class ConsumerSession final : public ClientLogic {
 public:
  /// config.role is consumer, config.queues has 1 to max_queues. `prefetch` items are requested
  /// beyond those that takers wait for.
  ConsumerSession(SessionConfig config, std::uint32_t prefetch);

  void start(Time now) override;
  void on_notification(std::string_view frame, Time now) override;
  void on_link(std::uint32_t generation, std::string_view frame, Time now) override;
  void on_link_up(std::uint32_t generation, Time now) override;
  void on_link_down(std::uint32_t generation, Time now) override;
  void tick(Time now, Outbox& out) override;
  Time next_deadline() const override;
  bool take_change() override;

  /// A taker waits for an item, until unwant(). The request goes out with the next tick.
  void want(std::uint64_t items = 1) {
    if (std::exchange(resting_, false)) draining_ = false;
    takers_ += items;
  }
  void unwant(std::uint64_t items = 1) { takers_ -= items; }
  /// Updates requests now, not with the next tick: before an unwant() that would undo them.
  void request_now() { update_requests(); }
  /// Whether the next tick will send or cancel requests.
  bool owes() const { return link_.up() && wanted() != link_.outstanding(); }
  /// Requests were cancelled up to this ticket. They may still be answered by items, until
  /// cancelled(ticket).
  Cancellations::Ticket cancellation_ticket() const { return link_.cancellations().sent(); }
  bool cancelled(Cancellations::Ticket ticket) const { return link_.cancellations().over(ticket); }

  /// Takes the oldest item. False if there is none, or if it may no longer be ours. `body` receives
  /// the body, without a copy if it came in parts, and `delivery` points into it.
  bool take(Delivery& delivery, std::string& body, Time now);
  /// The number of the last take, from 1. It distinguishes two takes of the same item, which may be
  /// lost and delivered to us again.
  std::uint64_t last_tag() const { return holdings_.last_tag(); }
  std::size_t waiting() const { return inbox_.size(); }
  const std::string& queue_name(std::uint16_t index) const;

  /// Settles a held item. False if it is not held (any more): it goes to another consumer. `tag`:
  /// only if it is held by that take; 0: by any. The reason is cut to max_reason bytes.
  bool settle(const Settlement& settlement, std::uint64_t tag = 0);
  std::size_t held() const { return holdings_.size(); }
  /// Fails all held items, for this reason: nothing else will settle them. Does nothing after
  /// close().
  void fail_held(std::string_view reason);
  /// Releases all held items.
  void release_held();
  /// Whether the item of that take is still held, as far as the broker has said.
  bool holds(ItemId id, std::uint64_t tag) const { return holdings_.contains(id, tag); }

  /// Whether everything settled and printed is confirmed.
  bool flushed() const {
    return settled_.empty() && session_.was_welcomed() && session_.control().idle();
  }

  /// Some caller waits for flushed().
  void want_flushed();

  /// Items held or settled here that belong to another consumer, since the last call (bounded: see
  /// Losses).
  Losses take_losses() { return holdings_.take_losses(); }
  bool has_losses() const { return holdings_.has_losses(); }

  /// The port of the broker's host to which the link cannot connect, once that has lasted for a
  /// while.
  std::optional<std::uint16_t> unreachable_port(Time now) const { return link_.unreachable(now); }

  bool may_print() const { return session_.may_print(); }
  void print(std::string_view block) { session_.print(block); }

  /// Accept no more items: waiting and arriving ones are released. Held ones can still be settled.
  void drain();
  /// The same until want() is called. Does nothing if there are takers, or after drain().
  void rest();
  /// Whether no more items will come.
  bool closed() const {
    return (draining_ && !resting_) || session_.over() || (session_.shutdown() && inbox_.empty());
  }
  /// Ends the session; drains first. The broker takes back items still held.
  void close(Time now);
  const ClientSession& session() const { return session_; }
  const DeliveryLink& link() const { return link_; }

  void check_invariants() const;

 private:
  void on_welcomed();
  void on_confirmed(Time now);
  void judge_link(Time now);
  void take_in(const Header& header, std::string_view payload);
  bool take_parts(const Header& header, std::string_view payload, std::uint32_t skip);
  bool take_entry(const Entry& entry, std::string_view whole, SeqNo number);
  Time news_of_link_at() const;
  void lose_link();
  void release_waiting();
  void say_settled(const Settlement& settlement);
  void flush_settled();
  void update_requests();
  SeqNo send_request(std::uint64_t more);
  std::uint64_t wanted() const;
  void on_lost(const ClientSession::Notification& notification);

  ClientSession session_;
  std::uint32_t prefetch_;
  DeliveryLink link_;
  LinkReport report_;
  Inbox inbox_{EntryKind::delivery};
  PutName last_put_;   // of the last item received: the next one's may continue it
  Assembly coming_;    // incoming item, in parts
  Holdings holdings_;  // of the user
  SettledRuns settled_;
  std::uint64_t takers_ = 0;
  bool flush_wanted_ = false;
  bool judge_link_ = false;  // a confirm was received since the last tick
  bool draining_ = false, resting_ = false, changed_ = false;
  std::vector<SocketRequest> requests_;  // for the next tick
};

}  // namespace baton::internal
