// A role of clients, as the core sees it. A new role is a file of its own, a line in Core's
// constructor, and rows in proto/registry: its name and its kinds of entries.
#pragma once

#include "broker/session.hpp"
#include "proto/message.hpp"
#include "proto/refusal.hpp"

namespace baton::internal::broker {

/// The sender of an entry. (To come: its key, and what that allows.)
struct Peer {
  Session& session;
  SeqNo number = {};  ///< of the entry in the session's control stream; 0: it is not in that stream
};

/// Handles all sessions of one role. Pure, like the core. The first group of functions is called
/// for pending sessions; the last group also for sessions that closed in this turn and get one more
/// confirm; all others for established sessions.
class RoleHandler {
 public:
  virtual ~RoleHandler() = default;

  /// A hello without a session: returns none, or the reason to refuse it.
  virtual Refusal admit(const Hello& /*hello*/) { return Refusal::none; }
  /// A pending session has its subscription, too. Returns false if it was ended, or has to wait and
  /// begins later.
  virtual bool may_begin(Session& /*session*/, Time /*now*/) { return true; }
  /// Whether may_begin() made the session wait.
  virtual bool holds_back(const SessionId& /*id*/) const { return false; }
  /// The session is established: fill in the role's part of its welcome.
  virtual void begin(Session& session, Time now) = 0;

  /// A message of the session came in.
  virtual void heard(Session& /*session*/) {}
  virtual void heartbeat(Session& /*session*/, const Heartbeat& /*heartbeat*/, Time /*now*/) {}
  /// An entry of the control stream, already checked: one that only this role may send, or one that
  /// all roles may send, before that is applied.
  virtual void entry(const Peer& /*from*/, const Entry& /*entry*/, Time /*now*/) {}
  /// The client closes; the session ends once all that it sent has come in and is stored.
  virtual void close(const Peer& /*from*/) {}
  /// Whether that is so, apart from its control stream. It is asked again when the session has
  /// changed (Sessions::changed), and each heartbeat_interval.
  virtual bool is_complete(const Session& /*session*/) const { return true; }

  /// The session has ended. `why` goes into the history of the items that it lost; empty if it
  /// closed.
  virtual void end(Session& session, const std::string& why, Time now) = 0;
  /// Whether the turn has time to end another session.
  virtual bool has_time_for_ends() const { return true; }

  /// The session's feed: numbered entries that are resent until the client confirms them; nullptr:
  /// none. What is appended goes out at the end of a turn in which the session has changed
  /// (Sessions::changed). The handler must bound what waits in it.
  virtual StreamSender* feed(Session& /*session*/) { return nullptr; }
  /// The client has received its feed up to `number`.
  virtual void feed_heard(Session& session, SeqNo number, Time now) {
    feed(session)->confirm(number, now);
  }
  /// Sends the next messages for the session, other than its feed.
  virtual void send_next(Session& /*session*/, Time /*now*/) {}
  /// fill: the role's part of the next confirm. sent: that confirm was sent.
  virtual void fill(Confirm& /*confirm*/, const Session& /*session*/) const {}
  virtual void sent(Session& /*session*/, const Confirm& /*confirm*/) {}

  virtual void check_invariants(const Session& /*session*/) const {}
};

}  // namespace baton::internal::broker
