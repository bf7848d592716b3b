// The broker's core: its parts, and the order of a turn. `Sessions` knows the clients, a
// `RoleHandler` what each role does, `Queues` the life of items.
//
// Pure: no socket, clock, disk or thread. Methods take `now`; what must be done is in Effects by
// end_turn(). next_deadline() says when to end a turn even if nothing comes in.
#pragma once

#include <optional>
#include <string>

#include "broker/console_feed.hpp"
#include "broker/consumers.hpp"
#include "broker/effects.hpp"
#include "broker/plain_queue.hpp"
#include "broker/producers.hpp"
#include "broker/queues.hpp"
#include "broker/session.hpp"
#include "broker/sessions.hpp"
#include "broker/settings.hpp"
#include "broker/storage.hpp"
#include "broker/system_end.hpp"

namespace baton::internal::broker {

class Core final : private Sessions::Host {
 public:
  /// `storage` and `effects` must outlive the core.
  Core(CoreSettings settings, BrokerInstance broker_instance, Storage& storage, Effects& effects,
       Time now);
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  /// A subscription to `topic` arrived at or left the notification endpoint; a topic may have
  /// several. Returns false if it is not granted.
  bool subscribed(const SessionId& topic, Time now) { return sessions_.subscribed(topic, now); }
  void unsubscribed(const SessionId& topic, Time now) { sessions_.unsubscribed(topic, now); }

  /// Begins a session, or repeats the answer if it exists already.
  Refusal hello(const SessionId& id, Hello hello, Time now) {
    return sessions_.hello(id, std::move(hello), now);
  }
  /// Which resource is used up when hello() returns sessions_full; for people.
  std::string why_full() const override;

  /// The session if it exists, else nullptr. Valid until the end of the turn.
  Session* find(const SessionId& id) { return sessions_.find(id); }
  /// A message of a session that does not exist: its client is told to begin a new one, or again
  /// that its close was received.
  void unknown(const SessionId& id, Time now) { sessions_.unknown(id, now); }
  /// A client asks on `topic`, which it has subscribed to, whether a broker is here.
  void probe(const SessionId& topic) { sessions_.probe(topic); }

  void heartbeat(Session& session, const Heartbeat& heartbeat, Time now) {
    sessions_.heartbeat(session, heartbeat, now);
  }
  /// Tells the sender why its message had no effect, if `id` is a session's topic. Ends the session
  /// if the refusal requires it. `detail` may be empty.
  void refuse(const SessionId& id, Refusal refusal, const std::string& detail, Time now) {
    sessions_.refuse(id, refusal, detail, now);
  }

  // What clients send is called on these.
  Sessions& sessions() { return sessions_; }
  Producers& producers() { return producers_; }
  Consumers& consumers() { return consumers_; }
  PlainQueue& plain() { return *plain_; }

  /// Answers to Effects::link_changes. If no link could be opened, a session that holds nothing is
  /// refused (sessions_full); one that holds items keeps them, and opening is retried.
  void link_opened(const SessionId& id, std::uint32_t generation, std::uint16_t port) {
    consumers_.link_opened(id, generation, port);
  }
  void link_failed(const SessionId& id, std::uint32_t generation, Time now) {
    consumers_.link_failed(id, generation, now);
  }
  /// A link was closed that its consumer never connected to. Logged from the second time in a
  /// session's life.
  void link_unreached(const SessionId& id, std::uint16_t port) {
    consumers_.link_unreached(id, port);
  }

  /// Handles deadlines, deliveries, persistence, and what sessions are told. Unless the control
  /// endpoint was read until empty, no silence is judged: the heartbeat may still be unread.
  void end_turn(Time now, bool control_dry);
  /// When to end a turn even if nothing comes in; in the past if there is something to do already.
  Time next_deadline() const;

  /// Ends the whole system, as if all work were done: all clients are told to leave.
  void shut_down(Time now);
  /// Only the broker ends, by a signal: nothing is delivered any more; clients that close now are
  /// still answered.
  void stop(Time now);
  /// After stop(): puts need not be read any more. Clients that end along with the broker have sent
  /// their close by now.
  bool stops_reading(Time now) const { return now >= read_until(); }
  /// Whether everything received before stopping is confirmed, as far as there is room, and all
  /// closes are answered.
  bool stopped(Time now);
  /// Whether the end of the whole system has begun.
  bool ending() const { return end_.has_begun(); }

  const CoreSettings& settings() const { return settings_; }
  BrokerInstance broker_instance() const { return sessions_.broker_instance(); }
  std::uint64_t refused(Refusal refusal) const { return sessions_.refused(refusal); }
  const Queues& queues() const { return queues_; }
  std::size_t session_count() const { return sessions_.size(); }
  /// Whether it waits for its welcome until the earlier puts of its name are on disk.
  bool waits_to_begin(const SessionId& id) const { return producers_.holds_back(id); }
  void check_invariants() const;

 private:
  void print(const PrintBlock& printed) override;
  bool comes_back(const Hello& hello) const override;
  void fill(Confirm& confirm, const Session& session) const override;

  void persist();
  void extend_credits();
  void check_end(Time now);
  Time read_until() const;

  const CoreSettings settings_;
  Storage& storage_;
  Effects& effects_;
  Sessions sessions_;
  Queues queues_;
  ConsoleFeed& console_;
  SystemEnd end_;
  Producers& producers_;
  Consumers& consumers_;
  std::optional<PlainQueue> plain_;  // set once the queues are loaded

  Time due_;  // the last result of next_deadline()
  Time stopping_since_ = never;
  Ticket turn_ = 0;                  // the newest ticket of the storage
  std::optional<Ticket> last_turn_;  // while stopping: the ticket to wait for
};

}  // namespace baton::internal::broker
