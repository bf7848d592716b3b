// The control endpoint: what clients report about themselves and their items.
#pragma once

#include <cstdint>
#include <zmq.hpp>

#include "broker/backlog.hpp"
#include "broker/dispatcher.hpp"

namespace baton::internal::broker {

/// A PULL that is always read until empty. ZeroMQ's own queue behind it is unbounded
/// (net/sockets.hpp says why), so messages that a turn has no time for wait in a bounded backlog.
/// When one is dropped there, its client is asked to send it again, as after a broken connection. A
/// client that has far more under way than its windows allow is cut off.
class ControlEndpoint {
 public:
  explicit ControlEndpoint(zmq::context_t& context);

  /// Passes received messages to `dispatcher` until there are none left (returns true) or until
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
