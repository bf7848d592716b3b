// The lanes' sockets: one bound PUSH for each consumer session.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>
#include <zmq.hpp>

#include "broker/effects.hpp"
#include "proto/ids.hpp"

namespace baton::broker {

struct PortRange {
  std::uint16_t first;
  std::uint16_t last;  ///< inclusive
};

/// Belongs to the broker's one thread.
class Lanes {
 public:
  /// Lanes are bound at `address`, on ports of `range`, or on any that the system chooses.
  Lanes(zmq::context_t& context, std::string address, std::optional<PortRange> range);

  /// Opens the session's lane and returns its port; nothing when no port or descriptor is left.
  std::optional<std::uint16_t> open(const SessionId& session, std::uint32_t generation);
  /// Ends its connections; what was not sent is dropped.
  void close(const SessionId& session, std::uint32_t generation);
  /// Sends, or keeps the message until the consumer has connected. Void when the lane is not there any more.
  void send(Effects::LaneMessage&& message);

  /// Some message waits for its consumer to connect: call retry() soon.
  bool blocked() const { return !blocked_.empty(); }
  void retry();

 private:
  struct Lane {
    zmq::socket_t socket;
    std::uint32_t generation;
    std::uint16_t port;
    std::deque<std::string> unsent;
  };
  std::optional<std::uint16_t> bind(zmq::socket_t& socket);
  static bool try_send(Lane& lane, const std::string& bytes);

  zmq::context_t& context_;
  const std::string address_;
  const bool any_port_;
  std::deque<std::uint16_t> free_ports_;  // of the range; the one that was used longest ago first
  std::unordered_map<SessionId, Lane> lanes_;
  std::vector<SessionId> blocked_;
};

}  // namespace baton::broker
