// Clients and sessions: how sessions begin, stay alive, learn what became of their messages, and
// end. What a role adds is in its RoleHandler.
//
// Invariants:
// 1. A session is established once its hello and a subscription to its topic are here. It ends by
//    close, silence (session_timeout), departure (reconnect_grace), or a refusal that ends it.
// 2. Entries of a control stream are applied in the order of their numbers, each once.
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/effects.hpp"
#include "broker/ended_sessions.hpp"
#include "broker/role.hpp"
#include "broker/session.hpp"
#include "broker/settings.hpp"
#include "broker/storage.hpp"

namespace baton::internal::broker {

/// Pure, like the core.
class Sessions {
 public:
  /// What Sessions needs from Core.
  class Host {
   public:
    /// A whole block of lines for the console, within the session's window.
    virtual void print(const PrintBlock& printed) = 0;
    /// Whether it was a client of the previous broker instance, whose clients may still hold items
    /// of that one.
    virtual bool comes_back(const Hello& hello) const = 0;
    /// Which resource is used up; for people.
    virtual std::string why_full() const = 0;
    virtual void fill(Confirm& confirm, const Session& session) const = 0;

   protected:
    ~Host() = default;
  };

  /// All must outlive it.
  Sessions(const CoreSettings& settings, BrokerInstance broker_instance, Effects& effects,
           Host& host, Time now)
      : settings_(settings),
        broker_instance_(broker_instance),
        effects_(effects),
        host_(host),
        heartbeat_at_(now + heartbeat_interval) {}
  /// Call it once for each role, first.
  template <class Handler>
  Handler& add(Role role, std::unique_ptr<Handler> handler) {
    auto& added = *handler;
    roles_[static_cast<std::size_t>(role)] = std::move(handler);
    return added;
  }
  bool has_all_roles() const {
    return std::all_of(roles_.begin(), roles_.end(),
                       [](const auto& role) { return role != nullptr; });
  }
  RoleHandler& role_of(const Session& session) const {
    return *roles_[static_cast<std::size_t>(session.hello.role)];
  }

  // See Core.
  bool subscribed(const SessionId& topic, Time now);
  void unsubscribed(const SessionId& topic, Time now);
  Refusal hello(const SessionId& id, Hello hello, Time now);
  Session* find(const SessionId& id);
  void unknown(const SessionId& id, Time now);
  void probe(const SessionId& topic);
  void heartbeat(Session& session, const Heartbeat& heartbeat, Time now);
  void refuse(const SessionId& id, Refusal refusal, const std::string& detail, Time now);

  /// A message of its control stream has come. Returns how many of its entries to skip: those
  /// received before, or all of them if something before them is missing.
  std::uint32_t skip(Session& session, SeqNo first, std::uint16_t count, Time now);
  /// Part of a block of lines, or a whole block.
  void print(const Peer& from, const PrintBlock& printed, Time now);
  void close(const Peer& from, SeqNo last_put);

  /// The session gets a confirm at the end of the turn.
  void changed(Session& session);
  void all_changed();
  std::vector<Session*>& changed_ones() { return changed_; }
  bool has_changed() const { return !changed_.empty(); }

  /// A pending session may begin now, if its subscription is still there.
  void begin_if_ready(const SessionId& id, Time now);
  /// Whether a session, maybe pending, exists and has not ended.
  bool is_here(const SessionId& id) const;
  void end(Session& session, const std::string& why, Time now);

  /// After a pause of this process (stopped, or the machine suspended) silence proves nothing: all
  /// sessions get more time.
  void extend_deadlines(Duration pause, Time now);
  void check_liveness(Time now);
  /// Whether to check liveness even if control was not read until empty for long: the heartbeat may
  /// still be unread.
  bool is_overdue(Time now) const { return now - longest_pause > look_at_; }
  Time next_deadline() const { return std::min(look_at_, heartbeat_at_); }

  /// The turn was given to the storage / everything up to a ticket is stored.
  void note_turn(Ticket turn);
  void became_durable(Ticket durable);
  /// Whether something received up to that turn is not stored yet.
  bool wait_for(Ticket turn) const { return !pending_.empty() && pending_.front().ticket <= turn; }

  // At the end of a turn.
  void end_closed_sessions(Time now);
  /// Sends all a confirm each heartbeat_interval.
  void heartbeat(Time now);
  void tell_changed(Time now);
  /// Erases sessions that ended in this turn. Returns whether old ended ones were forgotten, too.
  bool erase_ended(Time now);

  /// Includes ended sessions until the end of the turn.
  std::size_t size() const { return sessions_.size(); }
  std::size_t alive() const { return sessions_.size() - ended_.size(); }
  bool any_alive(Role role) const;
  const std::unordered_map<SessionId, std::unique_ptr<Session>>& all() const { return sessions_; }
  Time last_close() const { return last_close_; }
  std::uint64_t refused(Refusal refusal) const {
    return refusals_[static_cast<std::size_t>(refusal)];
  }
  void count(Refusal refusal) { ++refusals_[static_cast<std::size_t>(refusal)]; }
  Header header_for(const SessionId& id, MessageType type) const {
    return {type, 0, broker_instance_, id, {}};
  }
  void send(const SessionId& to, std::string bytes) {
    effects_.notifications.push_back({to, std::move(bytes)});
  }
  BrokerInstance broker_instance() const { return broker_instance_; }
  /// Whether the client's previous session was with this broker instance.
  bool is_return(const Hello& hello) const {
    return hello.previous && hello.previous->broker_instance == broker_instance_;
  }
  void check_invariants() const;

 private:
  struct Pending {  // received up to `number` when `ticket` was drawn
    Ticket ticket;
    SessionId session;
    SeqNo number;
    std::uint64_t print_bytes;  ///< bytes of blocks, up to `number`
  };

  void begin_if_ready(Session& session, Time now);
  void resume_from_previous(Session& session, Time now);
  void forget_oldest_pending();
  bool has_place_for(const Hello& hello, Time now);
  void make_place(Time now);
  void print_whole(Session& session, const PrintBlock& printed);
  bool has_time_for_ends() const;
  void send_feed(Session& session, Time now);
  Confirm confirm_of(Session& session) const;

  const CoreSettings& settings_;
  const BrokerInstance broker_instance_;
  Effects& effects_;
  Host& host_;
  std::array<std::unique_ptr<RoleHandler>, role_count> roles_;

  std::unordered_map<SessionId, std::unique_ptr<Session>> sessions_;
  std::unordered_map<SessionId, std::uint32_t> subscriptions_;  // number of subscriptions per topic
  EndedSessions ended_sessions_;
  std::deque<SessionId> pending_sessions_;  // by time of hello; some may be established or gone
  std::vector<SessionId> ended_;            // erased at the end of the turn
  std::vector<Session*> changed_;
  std::deque<Pending> pending_;
  std::array<std::uint64_t, refusal_count> refusals_{};
  std::uint32_t serials_ = 0;

  Time look_at_ = never;  // the earliest time to judge some session's silence or departure
  Time heartbeat_at_;     // when all sessions get the next heartbeat
  Time erase_at_{};       // when the oldest of ended_sessions_ are forgotten
  Time last_close_{};     // when the last close came in
};

}  // namespace baton::internal::broker
