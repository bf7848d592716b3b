// The delivery links' sockets: a bound PUSH per consumer session, which accepts one connection
// ever.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>
#include <zmq.hpp>

#include "broker/delivery_ports.hpp"
#include "broker/effects.hpp"
#include "broker/zap_handler.hpp"
#include "proto/ids.hpp"
#include "proto/limits.hpp"

namespace baton::internal::broker {

/// Belongs to the broker's thread.
class DeliveryLinks {
 public:
  /// Links are bound at `address`, on a port of `range`, or on one that the system chooses.
  DeliveryLinks(zmq::context_t& context, std::string address, std::optional<PortRange> range);

  /// Opens the session's link and returns its port; nullopt when no port or descriptor is left.
  std::optional<std::uint16_t> open(const SessionId& session, std::uint32_t generation, Time now);
  /// Closes the link; unsent messages are dropped. Returns its port if the consumer never
  /// connected.
  std::optional<std::uint16_t> close(const SessionId& session, std::uint32_t generation, Time now);
  /// Sends the message, or keeps it until the consumer has connected. Does nothing if the link is
  /// closed. May take the message's bytes.
  void send(Effects::LinkMessage& message);

  /// Answers requests to connect to links: a link admits its own session, once. Call it when
  /// auth_requests() is readable.
  void answer_auth_requests();
  zmq::socket_ref auth_requests() { return zap_handler_.socket(); }

  /// Some message waits for its consumer to connect: call retry() soon.
  bool blocked() const { return !blocked_.empty(); }
  void retry();

 private:
  struct DeliveryLink {
    zmq::socket_t socket;
    std::uint32_t generation;
    std::uint16_t port;
    bool admitted = false;
    std::deque<zmq::message_t> unsent;
  };
  bool authorize(const AuthRequest& request);

  zmq::context_t& context_;
  ZapHandler zap_handler_;
  DeliveryPorts ports_;
  std::unordered_map<SessionId, DeliveryLink> links_;
  std::vector<SessionId> blocked_;
};

}  // namespace baton::internal::broker
