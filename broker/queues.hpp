// The life of items: put, delivered, settled, given back, dead. Pure: no socket, clock, disk or
// thread.
//
//            put                  deliver               ack
//   ------------------> ready ------------------> held -----------> done (gone)
//    \  delay            ^  ^                      | |
//     `------> delayed --'  `----- release, lost --' | fail, death of the holder: failures + 1
//                 ^  due            link             |
//                 `--------- fail with a delay ------+-- after max_attempts --> dead
//
// Invariants:
// 1. An item is in exactly one place. For each queue: put = ready + delayed + returning + held +
// done + dead.
// 2. An item is held by one session at most, and only by one that stands; Session::delivered lists
// it once.
// 3. requested >= answered for each session; no item is delivered but in answer to a request.
// 4. A queue with ready items has no waiting session when a turn ends, unless the turn had no time
// for more: then it is among
//    those to be served. Who asks and has no room on its link does not stand in the waiting lists,
//    nor whose process is set aside: for a suspect, or in doubt.
// 5. What came back without its holder's word (silence, departure, a lost link) goes out again
// under a higher count of
//    deliveries, and where items are kept not before that count is: so of all who reclaim an item
//    after a crash only the last who was given it has the highest.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/delivery_flow.hpp"
#include "broker/effects.hpp"
#include "broker/holders.hpp"
#include "broker/items.hpp"
#include "broker/put_reclaims.hpp"
#include "broker/queue.hpp"
#include "broker/session.hpp"
#include "broker/settings.hpp"
#include "broker/storage.hpp"
#include "broker/unstored_puts.hpp"

namespace baton::internal::broker {

class Queues final : public RestoreTarget {
 public:
  /// All of them must outlive the queues. Sessions whose standing changed are told to `changed`,
  /// once a turn.
  Queues(const CoreSettings& settings, Storage& storage, Effects& effects,
         std::vector<Session*>& changed);

  /// Takes what the storage has kept, before anything else.
  void load(BrokerInstance broker_instance, Time now);
  /// The broker instance that stored it; 0 without one.
  BrokerInstance previous_broker() const { return previous_broker_; }
  /// Those who held an item before the broker was started again may reclaim it. While it lasts, and
  /// there is something to be reclaimed (items that were stored, or were put before and are put
  /// again), nothing is delivered.
  void wait_for_reclaims(bool wait);
  bool may_reclaim() const { return reclaims_; }
  /// The session has heard of what it reclaims in vain, up to `heard` of its stream.
  void heard_lost(Session& session, SeqNo heard, Time now);
  std::uint64_t untold() const { return untold_; }
  bool waits_for_reclaims() const {
    return reclaims_ && (restored_items_ > 0 || puts_.may_be_reclaimed());
  }
  /// For good.
  void deliver_no_more() { stopped_ = true; }
  bool delivers() const { return !stopped_ && !waits_for_reclaims(); }

  /// The queue of that name, made on first use. Stays valid while it is used, and until the end of
  /// the turn.
  Queue& queue(const std::string& name);
  /// A session or endpoint names the queue, or does so no longer.
  void use(Queue& queue) { ++queue.users; }
  void leave(Queue& queue);
  /// All that the session's hello names.
  void use_queues(Session& session);
  void leave_queues(Session& session);
  /// Forgets those of `queues` that nobody needs any more. They must not be among those to be
  /// served.
  void forget_unused(const std::vector<Queue*>& queues);
  /// The producer of that name, made on first use: its stream begins with `first`. Valid until
  /// forget_if_settled().
  Producer& producer(const std::string& name, bool named, SeqNo first);
  Producer* find_producer(const std::string& name);
  /// The one of that index, unless it was forgotten since it had that serial.
  Producer* find_producer(std::uint32_t index, std::uint64_t serial);
  void note_changed(Producer& producer);
  /// Forgets a producer that has closed, has no name that the user gave, and no item left.
  void forget_if_settled(Producer& producer);
  /// Forgets those, too, that were lost producer_kept ago.
  void forget_lost_producers(Time now);

  void put(Producer& producer, Queue& queue, const PutItem& item, SeqNo number, Time now);
  /// The producer's process is another one.
  void note_key(Producer& producer);

  /// A consumer's session begins; it has ended, and holds nothing.
  void established(Session& session);
  void ends(Session& session);
  /// The session is lost, and its whole process may be: that is given nothing more until one of its
  /// sessions is heard.
  void doubt(Session& session);
  void heard(Session& session) {
    if (session.process && session.process->doubted) trust(*session.process);
  }

  void request(Session& session, std::uint64_t requested_in_all);
  /// Not while so much is under way to it that it cannot be reading.
  bool may_request(const Session& session) const { return delivery_flow_.is_read(session); }
  void cancel_requests(Session& session, std::uint32_t count);
  /// The session asks no more: it ends, or its link is made again.
  void forget_requests(Session& session);

  /// Takes what is next of a queue that nobody asks of: it is done with that. Its body, or nothing.
  std::optional<std::string> take_unacked(Queue& queue);

  // Each false, and nothing done, when the session does not hold the item.
  bool ack(Session& session, ItemId id);
  bool fail(Session& session, const Failure& failure, Time now);
  bool release(Session& session, ItemId id);

  /// What was delivered after the first `count` deliveries did not arrive: it goes to the front, no
  /// failure counted.
  void take_back_after(Session& session, std::uint64_t count);
  /// The session is lost: all it holds goes to the front. Unless `why` is empty this counts as a
  /// failure of each item that was begun.
  void give_all_back(Session& session, const std::string& why, Time now);
  /// The session says that it gives back all it holds.
  void release_all(Session& session);
  /// The session's client was given these items under an earlier session. It goes on with such as
  /// nobody was given since: what that session lost here a moment ago (a failure counted for it is
  /// taken back), or was given by the broker before this one. Of the rest it is told that it is
  /// lost.
  void reclaim(Session& session, const Reclaim& reclaim);

  /// A turn moves so many items in each way (delivered, taken back, due) as CoreSettings::turn_work
  /// says; what else there is to do is for the next one, which begins at once. What one message or
  /// the end of one session asks for is done whole: a session holds max_asks items at most.
  bool may_deliver() const { return delivered_to_ < settings_.turn_work; }
  bool may_take_back() const { return taken_back_ < settings_.turn_work; }
  void end_turn() { delivered_to_ = taken_back_ = 0; }

  /// Items whose delay is over join their queues, as far as the turn's work allows.
  void tick(Time now);
  Time next_deadline() const { return delayed_.empty() ? never : delayed_.top().due; }
  /// Delivers what is ready to who asks, in all queues that changed, as far as the turn's work
  /// allows.
  void serve();
  bool has_to_serve() const { return !to_serve_.empty() || delivery_flow_.has_more() || again_; }
  /// Of its present link, everything up to this number has arrived.
  void arrived(Session& session, SeqNo number, Time now);
  std::uint64_t bytes_under_way() const { return delivery_flow_.under_way(); }

  /// There may be more room in it for its producers.
  void note_room(Queue& queue) { to_serve(queue); }
  /// Tells the storage what has changed of producers in this turn.
  void save_producers();
  /// Counts for producers what is settled and durable. `turn` is the one that has just been given
  /// to the storage.
  void settles_stored(Ticket turn, Ticket durable);
  void puts_stored(Ticket turn, Ticket durable) { unstored_puts_.became_durable(turn, durable); }
  /// Who holds the item, nullptr: nobody. For tests.
  const Session* holder_of(ItemId id) const {
    const auto* item = items_.find(id);
    return item ? item->holder : nullptr;
  }
  /// The queues whose room may have changed since the last call. Valid until the next change.
  std::vector<Queue*> take_touched();
  bool has_touched() const { return !touched_.empty(); }

  std::uint64_t size() const {
    return items_.size();
  }  ///< items that are kept, the dead ones included
  bool all_settled() const { return items_.size() == dead_; }
  std::uint64_t dead() const { return dead_; }
  std::size_t producer_count() const { return producers_.size(); }
  const std::map<std::string, std::unique_ptr<Queue>>& all() const { return by_name_; }
  void check_invariants() const;

 private:
  // RestoreTarget: what the storage tells.
  void begin(BrokerInstance broker_instance, ItemId first) override;
  void queue(std::uint32_t index, std::string_view name) override;
  void producer(const StoredProducer& producer) override;
  void item(const StoredItem& item) override;
  void count_dead();

  struct Delayed {
    Time due;
    ItemId id;
    bool operator>(const Delayed& other) const {
      return std::tie(due, id) > std::tie(other.due, other.id);
    }
  };

  /// Of items that went out more than once, or will.
  struct Redelivered {
    std::uint32_t deliveries = 1;  ///< the last one's, or the next one's
    /// The serial of the session that lost it last; 0: it was given to another one since.
    std::uint32_t lost_by = 0;
    std::uint32_t returns = 0;  ///< the count of returns when it last came back
    bool was_suspect = false;   ///< when it was lost last
  };
  struct Returning {
    Ticket ticket;  // all that is to be kept of its coming back; 0 in its turn
    ItemId id;
    std::uint32_t returns;  // valid while the item's are the same
  };

  Queue& queue_of(const QueuedItem& item) { return *queue_list_[item.queue]; }
  QueuedItem* held_by(Session& session, ItemId id);
  void give_index(Queue& queue);
  void touch(Queue& queue);
  void to_serve(Queue& queue);
  void serve(const std::vector<Queue*>& queues);
  void serve(Queue& queue);
  std::int64_t deliver(Session& session, Queue& queue, ItemId id, std::int64_t room);
  bool suspect_goes_next(const Queue& queue) const;
  bool serve_suspects(Queue& queue);
  static Session* who_holds_nothing(const Queue& queue);
  void reserve(Queue& queue);
  void unreserve(Queue& queue);
  void hands_are_freer(Session& session, bool suspect);
  void takes(Session& session, const QueuedItem& item);
  void set_aside(HolderProcess& process);
  void join_waiting_again(HolderProcess& process);
  void trust(HolderProcess& process);
  void join_waiting(Session& session);
  void leave_waiting(Session& session, const Queue* left = nullptr);
  void wait_for_room(Session& session, const Queue* left = nullptr);
  void let_in();
  bool may_take(const Session* session) const { return delivery_flow_.room(*session) > 0; }
  void let_go(Session& session, QueuedItem& item);
  void suspect(Session& session, QueuedItem& item, ItemId id, FailureRecord failure);
  void done(QueuedItem& item, ItemId id);
  void make_ready(QueuedItem& item, ItemId id);
  enum class Told : std::uint8_t { by_holder, by_nobody };
  void failed(QueuedItem& item, ItemId id, FailureRecord failure, Duration delay, Told told);
  void bury(QueuedItem& item, ItemId id, std::vector<FailureRecord> history, Time now);
  void keep_dead_letter(Queue& queue, ItemId id, const QueuedItem& item);
  bool too_many_dead_letters(const Queue& queue) const;
  void drop_dead_letters(Queue& queue);
  void drop_oldest_dead_letter(Queue& queue);
  bool counts_stored(Producer& producer, Ticket turn, Ticket durable);
  Producer& new_producer(const std::string& name, std::uint32_t index);
  void forget(Producer& producer);
  void changed(Session& session);
  void erase_settled(Session& session);
  static StoredItem to_store(const QueuedItem& item, ItemId id);
  void update_storage(const QueuedItem& item, ItemId id, const std::vector<FailureRecord>& history,
                      Duration delay = {});
  std::uint32_t deliveries_of(ItemId id) const;
  std::uint32_t deliver(ItemId id);
  void lose(Session& session, QueuedItem& item, ItemId id);
  void come_back(QueuedItem& item, ItemId id);
  void returns_stored(Ticket turn, Ticket durable);
  bool take_out(QueuedItem& item, ItemId id);
  std::vector<ItemId> held_after(Session& session, std::uint64_t count);
  bool reclaim(Session& session, ItemId id, std::uint32_t deliveries);
  bool take_up(Session& session, QueuedItem& item, ItemId id, std::uint32_t deliveries);
  bool reclaim_restored(Session& session, QueuedItem& item, ItemId id, std::uint32_t deliveries);
  void tell_lost(Session& session, ItemRun run);
  void place(QueuedItem& item, ItemId id, Duration delay, Time now);
  void delay_until(QueuedItem& item, ItemId id, Time due);
  bool undelay(QueuedItem& item, ItemId id);
  void hold_again(Session& session, QueuedItem& item, ItemId id);
  static bool consumes(const Session& session, const Queue& queue);
  bool consumes(const Session& session, const QueuedItem& item) {
    return consumes(session, queue_of(item));
  }
  bool reclaim_put(Session& session, ItemId id, const PutName& put, std::uint32_t deliveries);
  bool reclaim_here(Session& session, ItemId as, ItemId id, std::uint32_t deliveries);
  bool put_again(Producer& producer, QueuedItem& item, ItemId id, SeqNo number, Time now);
  void hold_late(Session& session, QueuedItem& item, ItemId id);
  bool settle_put(Session& session, ItemId id, PutReclaims::Reclaim::Settled settled,
                  FailureRecord failure, std::uint32_t delay_ms);
  bool release_put(Session& session, ItemId id);
  std::vector<PutReclaims::Reclaim> passed_on(PutReclaims::Reclaim reclaim);
  void count_failures(QueuedItem& item, ItemId id, std::vector<PutReclaims::Reclaim>& reclaims);
  void give_put_reclaims_back(Session& session);
  void forget_put_reclaims(Session& session);
  void end_put_reclaims();
  void confirm_settled(const PutReclaims::Reclaim& reclaim);
  void confirm_if_settled(const PutReclaims::Reclaim& reclaim);
  PutName put_name(const QueuedItem& item, ItemId id) const;

  const CoreSettings& settings_;
  Storage& storage_;
  Effects& effects_;
  std::vector<Session*>& changed_;

  Items items_;
  DeliveryFlow delivery_flow_;
  Holders holders_;
  std::uint64_t suspects_ = 0;  // in all queues' suspects
  std::vector<Session*> full_;  // ask, and have no room on their links
  bool again_ = false;          // of these, some have room now
  ItemId last_id_;
  ItemId first_id_;  // of this process: what is below was kept
  BrokerInstance previous_broker_;
  Time loaded_at_{};                  // the clock when the storage was loaded
  std::uint64_t untold_ = 0;          // reclaims in vain that their sessions have not heard of
  std::uint64_t restored_items_ = 0;  // that are to be done: nobody reclaims the dead
  bool reclaims_ = false, stopped_ = false;
  UnstoredPuts unstored_puts_;
  PutReclaims puts_;
  std::unordered_map<std::uint64_t, SeqNo>
      restored_numbers_;  // by producer's key: what was kept; while reclaims are waited for
  std::multiset<std::pair<Time, ItemId>> undelayed_;  // of delayed_, what was reclaimed
  std::unordered_map<std::uint64_t, Time>
      dues_;  // of what began to wait while reclaims were waited for: it may be reclaimed
  std::vector<std::uint32_t> changed_producers_;  // in this turn, by index
  std::vector<std::uint32_t>
      unstored_producers_;  // by index; some may be forgotten by now, or here twice
  std::map<std::string, std::unique_ptr<Queue>> by_name_;
  std::vector<Queue*>
      queue_list_;  // by index: those that had an item; nullptr where one was forgotten
  std::vector<std::uint32_t> free_queues_;
  std::vector<Queue*> to_serve_;
  std::vector<Queue*> touched_;  // that changed or were served since the last ones were taken
  std::unordered_map<std::string, std::unique_ptr<Producer>> producers_;
  std::vector<Producer*> producer_list_;  // by index; nullptr where one was forgotten
  std::vector<std::uint32_t> free_producers_;
  std::size_t next_look_ = 0;  // in producer_list_: where forget_lost_producers() goes on
  std::uint64_t producers_made_ = 0;
  std::priority_queue<Delayed, std::vector<Delayed>, std::greater<>> delayed_;
  std::unordered_map<std::uint64_t, Redelivered> redelivered_;  // by id
  std::deque<Returning> returning_;  // by ticket, those of this turn last
  std::uint32_t returns_ = 0;        // counts them
  std::uint64_t dead_ = 0;
  std::vector<std::uint64_t> dead_bytes_;  // by queue's index: of its dead letters' bodies
  std::uint64_t delivered_to_ = 0, taken_back_ = 0;  // in this turn
};

}  // namespace baton::internal::broker
