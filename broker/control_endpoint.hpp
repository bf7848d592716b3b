// The control endpoint: what clients say about themselves and their items.
#pragma once

#include <cstdint>
#include <zmq.hpp>

#include "broker/backlog.hpp"
#include "broker/dispatcher.hpp"

namespace baton::internal::broker {

/// A PULL that is always read dry. ZeroMQ's own queue behind it has no bound (net/sockets.hpp says
/// why), so what a turn has no time for waits in a backlog, which has one. A client whose message
/// was dropped there is asked for it again, like one whose connection broke; one that has far more
/// under way than its windows allow is cut off.
class ControlEndpoint {
 public:
  explicit ControlEndpoint(zmq::context_t& context);

  /// Gives `dispatcher` what has come in, until there is nothing more (then it returns true) or
  /// `until`; the rest waits here.
  bool read(Dispatcher& dispatcher, Time until);
  bool has_backlog() const { return !backlog_.empty(); }

  zmq::socket_t& socket() { return socket_; }

 private:
  void take_in(Dispatcher& dispatcher, Time until);
  void keep(Dispatcher& dispatcher, zmq::message_t& message);

  zmq::socket_t socket_;
  Backlog backlog_;
  std::uint64_t dropped_ = 0;  // messages
  std::uint64_t cut_off_ = 0;  // connections
};

}  // namespace baton::internal::broker
