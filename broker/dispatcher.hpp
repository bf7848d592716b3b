// Bytes in, core, bytes out: decodes what comes to the endpoints, refuses what is not right, and
// calls the core. Pure like the core: the simulation and the fuzzers drive it in place of sockets.
#pragma once

#include <string_view>
#include <vector>

#include "broker/core.hpp"
#include "broker/effects.hpp"
#include "broker/settings.hpp"
#include "broker/storage.hpp"

namespace baton::internal::broker {

class Dispatcher {
 public:
  Dispatcher(CoreSettings settings, BrokerInstance broker_instance, Storage& storage, Time now)
      : core_(std::move(settings), broker_instance, storage, effects_, now) {}

  /// One message from the put endpoint or the control endpoint. `frame` need only be valid for the
  /// call.
  void on_put(std::string_view frame, Time now);
  void on_control(std::string_view frame, Time now);
  /// One message from the plain endpoint `in`, where there is one.
  void on_in(std::string_view frame, Time now);
  /// A message of more than one frame: none of ours has that.
  void on_frames(Time now);
  /// What XPUB hands up: 1 (arrives) or 0 (leaves), then the topic. Returns whether the topic may
  /// be subscribed to.
  bool on_subscription(std::string_view frame, Time now);

  /// Ends the turn, which is followed by carry_out().
  void end_turn(Time now, bool control_dry = true) { core_.end_turn(now, control_dry); }
  /// What is to be done by then: the one place that says in which order.
  void carry_out(Shell& shell);
  Effects& effects() { return effects_; }
  Core& core() { return core_; }

  /// What on_put() and on_control() call with the payload of a message of entries.
  Refusal put(Session& session, SeqNo first, std::uint16_t count, std::string_view entries,
              Time now);
  Refusal control(Session& session, SeqNo first, std::uint16_t count, std::string_view entries,
                  Time now);

 private:
  /// The session that the header names; nullptr after a refusal when it does not stand.
  Session* session_of(const Header& header, Time now);
  void on_hello(std::string_view frame, const Header& header, Time now);
  void on_heartbeat(std::string_view frame, const Header& header, Time now);
  void on_entries(std::string_view frame, const Header& header, Time now);
  void apply(const Peer& from, const Entry& entry, Time now);

  Effects effects_;
  Core core_;
  PutItems put_;  // of the message at hand
};

}  // namespace baton::internal::broker
