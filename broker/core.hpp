// The broker's core: its parts, and the order of a turn. Who is there is Sessions', what each role
// does its RoleHandler's, the life of items Queues's.
//
// Pure: no socket, clock, disk or thread. Methods take `now`; what must be done is appended to
// Effects at the latest by end_turn(); next_deadline() says when to end a turn even if nothing
// comes in.
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

  /// A subscription to `topic` arrived or left at the notification endpoint; there may be several
  /// of one topic. False: it is not granted.
  bool subscribed(const SessionId& topic, Time now) { return sessions_.subscribed(topic, now); }
  void unsubscribed(const SessionId& topic, Time now) { sessions_.unsubscribed(topic, now); }

  /// Begins a session, or repeats the answer to one that stands.
  Refusal hello(const SessionId& id, Hello hello, Time now) {
    return sessions_.hello(id, std::move(hello), now);
  }
  /// What there is no more of, when hello() says sessions_full; for people.
  std::string why_full() const override;

  /// The session if it stands, else nullptr. Valid until the end of the turn.
  Session* find(const SessionId& id) { return sessions_.find(id); }
  /// A message of a session that does not stand: it is told to begin again, or again that its close
  /// was heard.
  void unknown(const SessionId& id, Time now) { sessions_.unknown(id, now); }
  /// Somebody asks whether a broker is here, on the topic that it has subscribed to.
  void probe(const SessionId& topic) { sessions_.probe(topic); }

  void heartbeat(Session& session, const Heartbeat& heartbeat, Time now) {
    sessions_.heartbeat(session, heartbeat, now);
  }
  /// Tells the sender why its message had no effect, where it is a session's topic; ends the
  /// session where the refusal does. `detail` may be empty.
  void refuse(const SessionId& id, Refusal refusal, const std::string& detail, Time now) {
    sessions_.refuse(id, refusal, detail, now);
  }

  // What clients say is called on these.
  Sessions& sessions() { return sessions_; }
  Producers& producers() { return producers_; }
  Consumers& consumers() { return consumers_; }
  PlainQueue& plain() { return *plain_; }

  /// Answers to Effects::link_changes. Without a link a session that holds nothing is refused
  /// (sessions_full); one that holds items keeps them, and opening is tried again.
  void link_opened(const SessionId& id, std::uint32_t generation, std::uint16_t port) {
    consumers_.link_opened(id, generation, port);
  }
  void link_failed(const SessionId& id, std::uint32_t generation, Time now) {
    consumers_.link_failed(id, generation, now);
  }
  /// A link was given up to which its consumer never came. The second time in a session's life is
  /// worth a line in the log.
  void link_unreached(const SessionId& id, std::uint16_t port) {
    consumers_.link_unreached(id, port);
  }

  /// Deadlines, deliveries, persistence, and what the sessions are told. While control was not read
  /// dry, nobody's silence is judged: the heartbeat may be among what is still to be read.
  void end_turn(Time now, bool control_dry);
  /// When to end a turn even if nothing comes in; in the past when there is something to do
  /// already.
  Time next_deadline() const;

  /// The end of the whole system, as if it were done: all clients are told to leave.
  void shut_down(Time now);
  /// The broker alone ends, by a signal: nothing is delivered any more, and who leaves now is still
  /// answered.
  void stop(Time now);
  /// stop() was called, and puts need not be read any more: who leaves along with the broker has
  /// said so by now.
  bool stops_reading(Time now) const { return now >= read_until(); }
  /// What came in until then is confirmed, as far as there is room for it, and closes are answered.
  bool stopped(Time now);
  /// Whether the end of the whole system has begun.
  bool ending() const { return end_.has_begun(); }

  const CoreSettings& settings() const { return settings_; }
  BrokerInstance broker_instance() const { return sessions_.broker_instance(); }
  std::uint64_t refused(Refusal refusal) const { return sessions_.refused(refusal); }
  const Queues& queues() const { return queues_; }
  std::size_t session_count() const { return sessions_.size(); }
  /// Whether it waits for its welcome until what its name has put before is on disk.
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
  std::optional<PlainQueue> plain_;  // since the queues are loaded

  Time due_;  // what next_deadline() last said
  Time stopping_since_ = never;
  Ticket turn_ = 0;                  // the newest one given to the storage
  std::optional<Ticket> last_turn_;  // while stopping: all that is waited for came in by then
};

}  // namespace baton::internal::broker
