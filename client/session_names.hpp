// The names of a client: its sessions, one after another, and the brokers they were with.
#pragma once

#include <optional>

#include "proto/greeting.hpp"
#include "proto/ids.hpp"

namespace baton::internal {

class SessionNames {
 public:
  void start(const SessionId& id) { id_ = run_ = id; }
  /// The current session was welcomed by that broker.
  void welcomed(BrokerInstance broker) {
    same_broker_ = ever_welcomed_ && broker == broker_;
    broker_ = broker;
    ever_welcomed_ = true;
    welcomed_id_ = id_;
  }
  /// Begins a new session, since `broker` does not know the current one. A session that was not
  /// welcomed has sent nothing: what is carried over is still that of the one before it.
  void renew(BrokerInstance broker, const SessionId& id, bool was_established) {
    if (was_established || !previous_) previous_ = Previous{broker, id_};
    id_ = id;
  }

  const SessionId& id() const { return id_; }
  /// The first session, which identifies the process.
  const SessionId& run() const { return run_; }
  bool ever_welcomed() const { return ever_welcomed_; }
  BrokerInstance broker() const { return broker_; }  ///< of the last welcome
  bool same_broker() const { return same_broker_; }  ///< as in the welcome before
  /// The previous session, named in a hello.
  const std::optional<Previous>& previous() const { return previous_; }
  /// Whether everything so far was sent in that session, as far as the broker knows.
  bool previous_was_welcomed() const { return previous_ && previous_->session == welcomed_id_; }

 private:
  SessionId id_, run_, welcomed_id_;
  BrokerInstance broker_;
  std::optional<Previous> previous_;
  bool ever_welcomed_ = false, same_broker_ = false;
};

}  // namespace baton::internal
