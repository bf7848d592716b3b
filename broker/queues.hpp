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
  void deliver_no_more() {
    stopped_ = true;
    update_delivering();
  }
  bool delivers() const { return serving_.delivering(); }

  /// The queue of that name, made on first use. Stays valid while it is used, and until the end of
  /// the turn.
  Queue& queue(const std::string& name) { return books_.queues.get(name); }
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
  /// it is forgotten.
  Producer& producer(const std::string& name, bool named, SeqNo first);
  ProducerTable& producers() { return books_.producers; }
  const ProducerTable& producers() const { return books_.producers; }

  void put(Producer& producer, Queue& queue, const PutItem& item, SeqNo number, Time now);
  /// The producer's process is another one.
  void note_key(Producer& producer);

  Serving& serving() { return serving_; }
  const Serving& serving() const { return serving_; }

  /// A consumer's session has ended, and holds nothing.
  void ends(Session& session);

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

  /// Items whose delay is over join their queues, as far as the turn's work allows.
  void tick(Time now);
  Time next_deadline() const { return delays_.next_due(); }
  /// There may be more room in it for its producers.
  void note_room(Queue& queue) { serving_.to_serve(queue); }
  /// Counts for producers what is settled and durable. `turn` is the one that has just been given
  /// to the storage.
  void settles_stored(Ticket turn, Ticket durable);
  void puts_stored(Ticket turn, Ticket durable) {
    books_.unstored_puts.became_durable(turn, durable);
  }
  /// Who holds the item, nullptr: nobody. For tests.
  const Session* holder_of(ItemId id) const {
    const auto* item = books_.items.find(id);
    return item ? item->holder : nullptr;
  }
  /// The queues whose room may have changed since the last call. Valid until the next change.
  std::vector<Queue*> take_touched() { return books_.queues.take_touched(); }
  bool has_touched() const { return books_.queues.has_touched(); }

  std::uint64_t size() const {
    return books_.items.size();
  }  ///< items that are kept, the dead ones included
  bool all_settled() const { return books_.items.size() == dead_letters_.count(); }
  /// That are kept.
  std::uint64_t dead() const { return dead_letters_.count(); }
  const DeadLetters& dead_letters() const { return dead_letters_; }
  /// The oldest of its queue is kept no longer: only counts remain.
  void drop_dead_letter(ItemId id);
  const QueueTable::ByName& all() const { return books_.queues.all(); }
  void check_invariants() const;

 private:
  void update_delivering() { serving_.set_delivering(!stopped_ && !waits_for_reclaims()); }
  using PlaceCounts = std::array<std::uint64_t, place_count>;  // items, by Place
  void check_queue(const Queue& queue, const PlaceCounts& counts, std::uint64_t dead_bytes) const;
  // RestoreTarget: what the storage tells.
  void begin(BrokerInstance broker_instance, ItemId first) override;
  void queue(std::uint32_t index, std::string_view name) override;
  void producer(const StoredProducer& producer) override;
  void item(const StoredItem& item) override;
  void count_dead();

  QueuedItem* held_by(Session& session, ItemId id);
  void let_go(Session& session, QueuedItem& item);
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
  ItemId first_id_;  // of this process: what is below was kept
  BrokerInstance previous_broker_;
  Time loaded_at_{};                  // the clock when the storage was loaded
  std::uint64_t untold_ = 0;          // reclaims in vain that their sessions have not heard of
  std::uint64_t restored_items_ = 0;  // that are to be done: nobody reclaims the dead
  bool reclaims_ = false, stopped_ = false;
  std::unordered_map<std::uint64_t, SeqNo>
      restored_numbers_;      // by producer's key: what was kept; while reclaims are waited for
  std::uint64_t buried_ = 0;  // items that died, since this broker began
};

}  // namespace baton::internal::broker
