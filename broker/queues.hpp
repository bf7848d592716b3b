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
//    done + dead.
// 2. An item is held by at most one session, and only by one that exists; Session::delivered lists
//    it once.
// 3. requested >= answered for each session; an item is delivered only in answer to a request.
// 4. At the end of a turn a queue with ready items has no waiting sessions, unless the turn ran out
//    of time: then the queue is still to be served. A session without room on its link is not in
//    the waiting lists, nor one whose process is set aside (for a suspect, or in doubt).
// 5. An item that came back without its holder's word (silence, departure, a lost link) goes out
//    again with a higher delivery count; if items are stored, only after that count is. So if
//    several consumers reclaim an item after a crash, the last one it was delivered to has the
//    highest count.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/books.hpp"
#include "broker/dead_letters.hpp"
#include "broker/delays.hpp"
#include "broker/effects.hpp"
#include "broker/put_reclaims.hpp"
#include "broker/serving.hpp"
#include "broker/session.hpp"
#include "broker/settings.hpp"
#include "broker/storage.hpp"
#include "proto/settlement.hpp"

namespace baton::internal::broker {

class Queues final : public RestoreTarget {
 public:
  /// All must outlive it. Sessions whose state changed are added to `changed`, once a turn.
  Queues(const CoreSettings& settings, Storage& storage, Effects& effects,
         std::vector<Session*>& changed);

  /// Restores what the storage has kept. Call it first.
  void load(BrokerInstance broker_instance, Time now);
  /// The broker instance that stored the items; 0 if none.
  BrokerInstance previous_broker() const { return previous_broker_; }
  /// Begins or ends the reclaim window, in which consumers may reclaim items they held before the
  /// broker restarted. Nothing is delivered in it while there are items to reclaim (restored ones,
  /// or ones that were put again).
  void wait_for_reclaims(bool wait);
  bool may_reclaim() const { return reclaims_; }
  /// The session has received what it reclaimed in vain, up to `heard` in its feed.
  void heard_lost(Session& session, SeqNo heard, Time now);
  std::uint64_t untold() const { return untold_; }
  bool waits_for_reclaims() const {
    return reclaims_ && (restored_items_ > 0 || puts_.may_be_reclaimed());
  }
  /// Ends deliveries for good.
  void deliver_no_more() {
    stopped_ = true;
    update_delivering();
  }
  bool delivers() const { return serving_.delivering(); }

  /// The queue of that name, made on first use. Valid while it is used, and until the end of the
  /// turn.
  Queue& queue(const std::string& name) { return books_.queues.get(name); }
  /// A session or endpoint begins or stops using the queue.
  void use(Queue& queue) { ++queue.users; }
  void leave(Queue& queue);
  /// All queues that the session's hello names.
  void use_queues(Session& session);
  void leave_queues(Session& session);
  /// Forgets unused queues among `queues`. None of them may be waiting to be served.
  void forget_unused(const std::vector<Queue*>& queues);
  /// The producer of that name, made on first use; its stream begins with `first`. Valid until it
  /// is forgotten.
  Producer& producer(const std::string& name, bool named, SeqNo first);
  ProducerTable& producers() { return books_.producers; }
  const ProducerTable& producers() const { return books_.producers; }

  void put(Producer& producer, Queue& queue, const PutItem& item, SeqNo number, Time now);
  /// The producer's process has changed.
  void note_key(Producer& producer);

  Serving& serving() { return serving_; }
  const Serving& serving() const { return serving_; }

  /// A consumer session has ended, and holds nothing.
  void ends(Session& session);

  /// Takes the next item of a queue without consumers and settles it. Returns its body, or nullopt.
  std::optional<std::string> take_unacked(Queue& queue);

  /// Returns false, without effect, if the session does not hold the item.
  bool settle(Session& session, const Settlement& settlement, Time now);

  /// What was delivered after the first `count` deliveries did not arrive: those items go to the
  /// front, without counting a failure.
  void take_back_after(Session& session, std::uint64_t count);
  /// The session is lost: all items it holds go to the front. Unless `why` is empty, it counts as a
  /// failure of each item that was begun.
  void give_all_back(Session& session, const std::string& why, Time now);
  /// The session gives back all items it holds.
  void release_all(Session& session);
  /// The session reclaims items that its client was given under an earlier session. It keeps those
  /// that were not delivered to another one since: items that the earlier session lost here
  /// recently (a failure counted for that is undone), or that the previous broker instance
  /// delivered. It is told that the others are lost.
  void reclaim(Session& session, const Reclaim& reclaim);

  /// Moves items that are due to their queues, as far as the turn's work allows.
  void tick(Time now);
  Time next_deadline() const { return delays_.next_due(); }
  /// Its producers may have more room.
  void note_room(Queue& queue) { serving_.to_serve(queue); }
  /// Counts for producers what is settled and durable. `turn` is the ticket just given to the
  /// storage.
  void settles_stored(Ticket turn, Ticket durable);
  void puts_stored(Ticket turn, Ticket durable) {
    books_.unstored_puts.became_durable(turn, durable);
  }
  /// The session that holds the item, or nullptr. For tests.
  const Session* holder_of(ItemId id) const {
    const auto* item = books_.items.find(id);
    return item ? item->holder : nullptr;
  }
  /// The queues whose room may have changed since the last call.
  std::vector<Queue*> take_touched() { return books_.queues.take_touched(); }
  bool has_touched() const { return books_.queues.has_touched(); }

  std::uint64_t size() const { return books_.items.size(); }  ///< items kept, including dead ones
  bool all_settled() const { return books_.items.size() == dead_letters_.count(); }
  /// Dead items that are kept.
  std::uint64_t dead() const { return dead_letters_.count(); }
  const DeadLetters& dead_letters() const { return dead_letters_; }
  /// The oldest of its queue is kept no longer: only counts remain.
  void drop_dead_letter(ItemId id);
  const QueueTable::ByName& all() const { return books_.queues.all(); }
  void check_invariants() const;

 private:
  void update_delivering() { serving_.set_delivering(!stopped_ && !waits_for_reclaims()); }
  using PlaceCounts = std::array<std::uint64_t, place_count>;  // items, by Place
  void check_notices() const;
  void check_queue(const Queue& queue, const PlaceCounts& counts, std::uint64_t dead_bytes) const;
  // RestoreTarget: called by the storage.
  void begin(BrokerInstance broker_instance, ItemId first) override;
  void queue(std::uint32_t index, std::string_view name) override;
  void producer(const StoredProducer& producer) override;
  void item(const StoredItem& item) override;
  void count_dead();

  QueuedItem* held_by(Session& session, ItemId id);
  void let_go(Session& session, QueuedItem& item);
  void ack(Session& session, QueuedItem& item, ItemId id);
  void fail(Session& session, QueuedItem& item, ItemId id, const Settlement& settlement, Time now);
  void release(Session& session, QueuedItem& item, ItemId id);
  void suspect(Session& session, QueuedItem& item, ItemId id, FailureRecord failure);
  void done(QueuedItem& item, ItemId id);
  enum class Told : std::uint8_t { by_holder, by_nobody };
  void failed(QueuedItem& item, ItemId id, FailureRecord failure, Duration delay, Told told);
  void bury(QueuedItem& item, ItemId id, std::vector<FailureRecord> history, Time now);
  void tell_of_dead(Producer& producer, const Queue& queue, ItemId id, const QueuedItem& item,
                    std::vector<FailureRecord> history, Time now);
  void log_dead(const Queue& queue, ItemId id, const QueuedItem& item, const std::string& why);
  void drop_dead_letters(Queue& queue);
  void changed(Session& session);
  void erase_settled(Session& session);
  static StoredItem to_store(const QueuedItem& item, ItemId id);
  void update_storage(const QueuedItem& item, ItemId id, const std::vector<FailureRecord>& history,
                      Duration delay = {});
  void lose(Session& session, QueuedItem& item, ItemId id);
  void come_back(QueuedItem& item, ItemId id);
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
    return consumes(session, books_.queue_of(item));
  }
  bool reclaim_put(Session& session, ItemId id, const PutName& put, std::uint32_t deliveries);
  bool reclaim_here(Session& session, ItemId as, ItemId id, std::uint32_t deliveries);
  bool put_again(Producer& producer, QueuedItem& item, ItemId id, SeqNo number, Time now);
  void hold_late(Session& session, QueuedItem& item, ItemId id);
  bool settle_put(Session& session, const Settlement& settlement);
  std::vector<PutReclaims::Reclaim> passed_on(PutReclaims::Reclaim reclaim);
  void count_failures(QueuedItem& item, ItemId id, std::vector<PutReclaims::Reclaim>& reclaims);
  void give_put_reclaims_back(Session& session);
  void forget_put_reclaims(Session& session);
  void end_put_reclaims();
  void confirm_settled(const PutReclaims::Reclaim& reclaim);
  void confirm_if_settled(const PutReclaims::Reclaim& reclaim);

  const CoreSettings& settings_;
  Storage& storage_;
  Effects& effects_;
  std::vector<Session*>& changed_;

  Books books_;
  DeadLetters dead_letters_;
  Serving serving_;
  Delays delays_;
  PutReclaims puts_;
  ItemId last_id_;
  ItemId first_id_;  // of this process; items with lower ids were restored
  BrokerInstance previous_broker_;
  Time loaded_at_{};                  // the clock when the storage was loaded
  std::uint64_t untold_ = 0;          // rejected reclaims that their sessions have not received
  std::uint64_t restored_items_ = 0;  // and not dead: dead items are not reclaimed
  bool reclaims_ = false, stopped_ = false;
  // By producer's key: what was stored; during the reclaim window.
  std::unordered_map<std::uint64_t, SeqNo> restored_numbers_;
  std::uint64_t buried_ = 0;  // items that died since this broker started
};

}  // namespace baton::internal::broker
