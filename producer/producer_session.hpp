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
    nothing,     ///< it need not
    connecting,  ///< no broker was reached yet, or contact is lost
    credit,      ///< the broker holds back: see `held`
    window,      ///< as much as may be is under way, unconfirmed
  };
  Why why = Why::nothing;
  Held held = Held::nothing;

  bool operator==(const PutWait&) const = default;
};

/// What became of a producer's items.
struct Settled {
  std::uint64_t done = 0;  ///< acked
  std::uint64_t dead = 0;  ///< failed too often
  std::uint64_t lost = 0;  ///< went down with a broker that stores nothing, or with its data
  std::uint64_t put = 0;   ///< all that were put under this name, these among them
  std::vector<DeadNotice> notices;  ///< of the dead ones, the last max_notices
};

/// Invariants:
/// 1. An item that was put stays in the put stream until a broker has confirmed it; its number
/// never changes.
/// 2. settled() never counts an item twice: what a broker that kept nothing had counted is added up
/// once, at the next one.
class ProducerSession final : public ClientLogic {
 public:
  static constexpr std::size_t max_notices = 1000;
  /// Programs that start together need not say that one was first.
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
  /// Likewise, with its place in the input: the broker remembers that. Of one process all items
  /// have one, or none.
  void put(const PutItem& item, const InputPlace& place);
  PutWait why_wait(Time now) const;
  /// The number of the item that was put last.
  SeqNo last_put() const { return put_.last(); }

  /// Whether everything that was put and said is confirmed.
  bool flushed() const {
    return session_.was_welcomed() && put_.idle() && session_.control().idle();
  }
  /// What earlier processes of this name had put: for Retrace. Known once welcomed.
  const std::vector<Checkpoint>& already_put() const { return already_put_; }

  /// From now on the broker says at once when all items are settled. Repeated calls cost nothing.
  void join();
  /// Whether every item is done, dead or lost, and the notices of the dead ones are in.
  bool joined() const;
  Settled settled() const;
  Settled counts() const;  ///< without the notices
  /// Whether the broker has known of nobody for unheard_within who may take items of the queue.
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
  Time alone_since_ = never;  // so long no confirm has named a consumer
  bool begun_ = false;        // welcomed once: how its numbers go on is settled
  bool joining_ = false, changed_ = false, more_ = false;
  Confirm counted_;  // of this broker: accepted, done and dead as it said last
  Settled earlier_;  // from brokers that are gone with what they held; notices from all
  struct Gone {
    std::uint64_t first = 0, last = 0;
  };
  Gone gone_;  // numbers behind `first` up to `last` were counted as gone with the data of a broker
};

}  // namespace baton::internal
