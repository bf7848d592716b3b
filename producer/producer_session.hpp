// A producer's side of the protocol: its put stream, and what became of its items. Pure.
#pragma once

#include <string>
#include <vector>

#include "client/client_session.hpp"
#include "client/logic.hpp"

namespace baton::internal {

/// Why a put has to wait.
struct PutWait {
  enum class Why : std::uint8_t {
    nothing,     ///< it does not have to
    connecting,  ///< no broker was reached yet, or contact is lost
    credit,      ///< the broker holds the producer back: see `held`
    window,      ///< too much is under way and unconfirmed
  };
  Why why = Why::nothing;
  Held held = Held::nothing;

  bool operator==(const PutWait&) const = default;
};

/// What became of a producer's items.
struct Settled {
  std::uint64_t done = 0;           ///< acked
  std::uint64_t dead = 0;           ///< failed too often
  std::uint64_t lost = 0;           ///< gone with a broker that stores nothing, or with its data
  std::uint64_t put = 0;            ///< everything put under this name, the above included
  std::vector<DeadNotice> notices;  ///< of the dead ones, the last max_notices
};

/// Invariants:
/// 1. An item stays in the put stream until a broker has confirmed it; its number never changes.
/// 2. settled() never counts an item twice: the counts of a broker that stored nothing are added
///    once, when the next one is met.
class ProducerSession final : public ClientLogic {
 public:
  static constexpr std::size_t max_notices = 1000;
  /// Programs that start together need not report which one was first.
  static constexpr Duration unheard_within = 3s;

  /// config.role is producer, config.queues has one.
  explicit ProducerSession(SessionConfig config);

  void start(Time now) override;
  void on_notification(std::string_view frame, Time now) override;
  void tick(Time now, Outbox& out) override;
  Time next_deadline() const override;
  bool take_change() override;

  /// Whether put() may be called now.
  bool may_put() const { return put_.may_append() && !session_.over() && !session_.closing(); }
  /// Appends an item to the put stream. Requires may_put(), priority <= max_priority, a body of at
  /// most max_body bytes.
  void put(const PutItem& item) {
    append_item(put_.block_for(entry_head_size + sizeof item.delay_ms + item.body.size()), item);
    put_.appended(item.body.size());
  }
  /// The same with its place in the input, which the broker remembers. All items of a process have
  /// one, or none.
  void put(const PutItem& item, const InputPlace& place);
  PutWait why_wait(Time now) const;
  /// The number of the item that was put last.
  SeqNo last_put() const { return put_.last(); }

  /// Whether everything put and printed is confirmed.
  bool flushed() const {
    return session_.was_welcomed() && put_.idle() && session_.control().idle();
  }
  /// What earlier processes of this name have put: for Retrace. Known once welcomed.
  const std::vector<Checkpoint>& already_put() const { return already_put_; }

  /// From now on the broker reports at once when all items are settled. May be repeated.
  void join();
  /// Whether every item is done, dead or lost, and the notices of dead ones have arrived.
  bool joined() const;
  Settled settled() const;
  Settled counts() const;  ///< without the notices
  /// Whether for unheard_within the broker has known no consumer of the queue.
  bool has_no_consumer(Time now) const {
    return session_.established() && now - unheard_within >= alone_since_;
  }

  bool may_print() const { return session_.may_print(); }
  void print(std::string_view block) { session_.print(block); }
  void close(Time now) { session_.close(put_.last(), now, !put_.idle()); }
  const ClientSession& session() const { return session_; }

  void check_invariants() const;

 private:
  void on_welcomed(Time now);
  void count_gone(std::uint64_t unknown);
  void on_confirmed(Time now);
  void on_feed(const ClientSession::Notification& notification);
  void send_mark(Time now, Outbox& out);

  ClientSession session_;
  StreamSender put_;
  std::vector<Checkpoint> already_put_;
  Time alone_since_ = never;  // since when no confirm has named a consumer
  bool begun_ = false;        // was welcomed once: its numbers are determined
  bool joining_ = false, changed_ = false, more_ = false;
  Confirm counted_;  // by the current broker: accepted, done and dead as last reported
  Settled earlier_;  // from earlier brokers that are gone with their items; notices of all brokers
  struct Gone {
    std::uint64_t first = 0, last = 0;
  };
  Gone gone_;  // numbers after `first` up to `last` were counted as lost with a broker's data
};

}  // namespace baton::internal
