// A role, by the verbs by which the core knows it. A new one is a file of its own, a line in Core's
// constructor, and rows in proto/registry: its name, and the kinds of entries that it sends and
// gets.
#pragma once

#include "broker/session.hpp"
#include "proto/message.hpp"
#include "proto/refusal.hpp"

namespace baton::internal::broker {

/// Who says something. (To come: with which key, and what that allows.)
struct Peer {
  Session& session;
  SeqNo number = {};  ///< of what is said in the session's control stream; 0: it is none of that
};

/// One object for all sessions of the role. Pure, as the core. The verbs of the first group are
/// called with sessions that are pending; those of the last also with sessions that ended in this
/// turn, in order, and get one more confirm; all others with established ones.
class RoleHandler {
 public:
  virtual ~RoleHandler() = default;

  /// A hello has come, of which there is no session yet: none, or why there will be none.
  virtual Refusal admit(const Hello& /*hello*/) { return Refusal::none; }
  /// The subscription of a pending session is here, too. False: it ended, or it waits and begins
  /// later.
  virtual bool may_begin(Session& /*session*/, Time /*now*/) { return true; }
  /// Whether that is why the session of this hello is still pending.
  virtual bool holds_back(const SessionId& /*id*/) const { return false; }
  /// It is established: what its welcome says besides.
  virtual void begin(Session& session, Time now) = 0;

  /// There was a sign of life.
  virtual void heard(Session& /*session*/) {}
  virtual void heartbeat(Session& /*session*/, const Heartbeat& /*heartbeat*/, Time /*now*/) {}
  /// Each entry of its control stream, of the right form: what its role alone may send, and also
  /// what all roles send, before that is done.
  virtual void entry(const Peer& /*from*/, const Entry& /*entry*/, Time /*now*/) {}
  /// It takes its leave, and is over when all it sent is in and kept.
  virtual void close(const Peer& /*from*/) {}
  /// Whether that is so, apart from its control stream. It is asked again when the session has
  /// changed (Sessions::changed), and each heartbeat_interval.
  virtual bool is_complete(const Session& /*session*/) const { return true; }

  /// It is over. `why`, as in the history of the items that it lost; empty when it left in order.
  virtual void end(Session& session, const std::string& why, Time now) = 0;
  /// Whether the turn has time for the end of another one.
  virtual bool has_time_for_ends() const { return true; }

  /// Its feed: what it is told beside confirms, in order, and again until it has heard of it.
  /// nullptr: nothing, or not in this way. What is added to it goes out at the end of the turn in
  /// which the session has changed. The handler bounds what waits in it.
  virtual StreamSender* feed(Session& /*session*/) { return nullptr; }
  /// It has heard of its feed up to that number, or of more before.
  virtual void feed_heard(Session& session, SeqNo number, Time now) {
    feed(session)->confirm(number, now);
  }
  /// Sends what is next for it beside its feed.
  virtual void send_next(Session& /*session*/, Time /*now*/) {}
  /// Its part of the confirm that follows, and that it was sent.
  virtual void fill(Confirm& /*confirm*/, const Session& /*session*/) const {}
  virtual void sent(Session& /*session*/, const Confirm& /*confirm*/) {}

  virtual void check_invariants(const Session& /*session*/) const {}
};

}  // namespace baton::internal::broker
