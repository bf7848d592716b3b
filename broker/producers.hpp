// The producer's role: its puts, its credit, what it is told about its items.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "broker/queues.hpp"
#include "broker/role.hpp"
#include "broker/sessions.hpp"
#include "broker/settings.hpp"
#include "broker/storage.hpp"
#include "broker/system_end.hpp"

namespace baton::internal::broker {

/// Pure, like the core. Invariant: nothing is confirmed before the storage says that it is durable.
class Producers final : public RoleHandler {
 public:
  /// All must outlive it.
  Producers(const CoreSettings& settings, Sessions& sessions, Queues& queues, SystemEnd& end,
            Effects& effects)
      : settings_(settings), sessions_(sessions), queues_(queues), end_(end), effects_(effects) {}

  /// A message of the put stream; the items' numbers begin with `first`.
  Refusal put(const Peer& from, SeqNo first, const PutItems& put, Time now);
  /// Everything before `next` in the put stream was sent.
  void put_mark(const Peer& from, SeqNo next, Time now);

  /// note_turn: the turn was given to the storage. became_durable: all puts up to the ticket are
  /// stored. hold: `why` the storage has no room for new items, or empty.
  void note_turn(Ticket turn);
  void became_durable(Ticket durable);
  void hold(const std::string& why);
  bool is_held() const { return !storage_holds_.empty(); }
  bool wait_for(Ticket turn) const { return !pending_.empty() && pending_.front().ticket <= turn; }

  /// Begins waiting processes of a name whose earlier puts are stored by now.
  void begin_waiting(Time now);
  /// Extends credit in `touched` queues, which have free room again.
  void extend_credits(const std::vector<Queue*>& touched);

  Refusal admit(const Hello& hello) override;
  bool may_begin(Session& session, Time now) override;
  bool holds_back(const SessionId& id) const override;
  void begin(Session& session, Time now) override;
  void entry(const Peer& from, const Entry& entry, Time now) override;
  bool is_complete(const Session& session) const override {
    return session.producer->confirmed >= session.last_put;
  }
  void end(Session& session, const std::string& why, Time now) override;
  /// The notices of its dead items.
  StreamSender* feed(Session& session) override {
    return session.producer ? &session.producer->outcomes : nullptr;
  }
  void feed_heard(Session& session, SeqNo number, Time now) override {
    queues_.producers().notices().heard(*session.producer, number, now);
  }
  void fill(Confirm& confirm, const Session& session) const override;
  void sent(Session& session, const Confirm& confirm) override;
  void check_invariants(const Session& session) const override;

 private:
  struct Pending {  // received up to `number` when `ticket` was drawn; the session may be over when
                    // that is durable
    Ticket ticket;
    SessionId session;
    SeqNo number;
    std::uint64_t bytes;     ///< of bodies, up to `number`
    std::uint32_t producer;  ///< index
    std::uint64_t serial;
  };

  static Pending pending(const SessionId& session, const Producer& producer, Ticket ticket);
  void note_part(const Session& session, const PutItems& put, std::uint32_t skip,
                 std::uint32_t end);
  bool is_outdated(const Hello& hello);
  bool is_late(const Hello& hello);
  std::uint64_t unknown_puts(const Hello& hello);
  void take_up(Session& session, Producer& producer, Time now);

  const CoreSettings& settings_;
  Sessions& sessions_;
  Queues& queues_;
  SystemEnd& end_;
  Effects& effects_;
  std::deque<Pending> pending_;
  std::vector<Pending> last_puts_;  // of sessions that ended in this turn
  // New processes that wait until the earlier puts of their names are stored.
  std::vector<SessionId> beginning_;
  std::string storage_holds_;       // why the storage has no room for new items; empty if it has
  std::uint64_t storage_held_ = 0;  // how often it had no room
};

}  // namespace baton::internal::broker
