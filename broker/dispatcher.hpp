// Bytes in, bytes out: decodes and checks incoming messages, and calls the core. Pure like the
// core: the simulation and the fuzzers drive it in place of sockets.
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

  /// A message from the put or control endpoint. `frame` need only be valid during the call.
  void on_put(std::string_view frame, Time now);
  void on_control(std::string_view frame, Time now);
  /// A message from the plain endpoint `in`, if there is one.
  void on_in(std::string_view frame, Time now);
  /// A message of several frames, which the protocol does not have: its first one, which may name
  /// the sender's session.
  void on_frames(std::string_view first, Time now);
  /// A frame from XPUB: 1 (subscribe) or 0 (unsubscribe), then the topic. Returns whether the
  /// subscription is granted.
  bool on_subscription(std::string_view frame, Time now);

  /// Ends the turn; call carry_out() next.
  void end_turn(Time now, bool control_dry = true) { core_.end_turn(now, control_dry); }
  /// Carries out the effects of the turn. The order is defined only here.
  void carry_out(Shell& shell);
  Effects& effects() { return effects_; }
  Core& core() { return core_; }

  /// Called by on_put() and on_control() with the payload of a message of entries.
  Refusal put(Session& session, SeqNo first, std::uint16_t count, std::string_view entries,
              Time now);
  Refusal control(Session& session, SeqNo first, std::uint16_t count, std::string_view entries,
                  Time now);

 private:
  /// The session that the header names; nullptr, after a refusal, if it does not exist.
  Session* session_of(const Header& header, Time now);
  void on_hello(std::string_view frame, const Header& header, Time now);
  void on_heartbeat(std::string_view frame, const Header& header, Time now);
  void on_entries(std::string_view frame, const Header& header, Time now);
  void apply(const Peer& from, const Entry& entry, Time now);

  Effects effects_;
  Core core_;
  PutItems put_;  // of the current message
};

}  // namespace baton::internal::broker
