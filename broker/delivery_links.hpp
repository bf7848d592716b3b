// The delivery links' sockets: one bound PUSH for each consumer session, with one connection, ever.
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

/// Belongs to the broker's one thread.
class DeliveryLinks {
 public:
  /// Links are bound at `address`, on ports of `range`, or on any that the system chooses.
  DeliveryLinks(zmq::context_t& context, std::string address, std::optional<PortRange> range);

  /// Opens the session's link and returns its port; nothing when no port or descriptor is left.
  std::optional<std::uint16_t> open(const SessionId& session, std::uint32_t generation, Time now);
  /// Ends its connection; what was not sent is dropped. Returns its port if the consumer never
  /// came.
  std::optional<std::uint16_t> close(const SessionId& session, std::uint32_t generation, Time now);
  /// Sends, or keeps the message until the consumer has connected. Void when the link is not there
  /// any more. May take the message's bytes.
  void send(Effects::LinkMessage& message);

  /// Answers requests to connect to links: a link admits its own session, once. auth_requests()
  /// when there is somebody.
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
