// The sockets of the plain endpoints: a message that any ZeroMQ PUSH sends to `in` becomes an item;
// a PULL from `out` receives items.
#pragma once

#include <deque>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "broker/dispatcher.hpp"
#include "net/broker_address.hpp"
#include "proto/limits.hpp"

namespace baton::internal::broker {

/// Belongs to the broker's thread.
class PlainEndpoints {
 public:
  explicit PlainEndpoints(zmq::context_t& context);

  /// Both were bound to the broker's ports.
  void bound(const BrokerAddress& broker);

  zmq::socket_t& in() { return in_; }
  zmq::socket_t& out() { return out_; }
  /// Binds or unbinds `in`. Plain senders know no credit, so they are held back by closing their
  /// connections until `in` is bound again.
  void keep_in_open(bool open, Time now);
  /// When to call keep_in_open() again if binding failed; else `never`.
  Time retry_at() const { return retry_at_; }

  /// Passes received messages to the dispatcher.
  void read(Dispatcher& dispatcher, Time until);

  bool has_unsent() const { return !unsent_.empty(); }
  /// How many bodies send() can send at once.
  std::uint32_t out_room();
  void send(std::vector<std::string>&& bodies);

 private:
  zmq::socket_t in_, out_;
  std::string in_address_;
  bool in_bound_ = false;
  Time retry_at_ = never;
  std::deque<std::string> unsent_;
};

}  // namespace baton::internal::broker
