// The sockets of the plain endpoints: any ZeroMQ client's PUSH to `in` is an item, its PULL from
// `out` gets items.
#pragma once

#include <deque>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "broker/dispatcher.hpp"
#include "net/broker_address.hpp"
#include "proto/limits.hpp"

namespace baton::internal::broker {

/// Belongs to the broker's one thread.
class PlainEndpoints {
 public:
  explicit PlainEndpoints(zmq::context_t& context);

  /// Both are bound by now, at the broker's ports.
  void bound(const BrokerAddress& broker);

  zmq::socket_t& in() { return in_; }
  zmq::socket_t& out() { return out_; }
  /// `in` has no credit to give: its senders are held back by their connections being ended, until
  /// it is bound again.
  void keep_in_open(bool open, Time now);
  /// When keep_in_open() is to be tried again: `never`, unless it failed to bind.
  Time retry_at() const { return retry_at_; }

  /// Gives the dispatcher what has come in.
  void read(Dispatcher& dispatcher, Time until);

  bool has_unsent() const { return !unsent_.empty(); }
  /// How many bodies may be given to send() now, so that they leave at once.
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
