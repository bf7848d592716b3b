// Which connections to the notification endpoint hold which topics.
#pragma once

#include <unordered_map>
#include <vector>
#include <zmq.hpp>

#include "proto/ids.hpp"

namespace baton::internal::broker {

/// A connection holds topics_per_connection topics at most: a client needs one, and a stranger who
/// subscribes to thousands costs no more than that. Pure: no socket.
class NotificationTopics {
 public:
  /// Names a connection. As long as somebody keeps a message of it, no other connection has the
  /// same.
  using Connection = const void*;

  /// `connection` subscribes to `topic`. False, and nothing is noted, when it holds that already or
  /// may hold no more. `keeper` is kept as long as the topic is.
  bool arrives(const SessionId& topic, Connection connection, zmq::message_t&& keeper = {});
  /// `connection` gives `topic` up; without a connection (it has ended, nobody knows which it was)
  /// the one that has held it for longest does. False when it did not hold it.
  bool leaves(const SessionId& topic, Connection connection);

  /// Whether arrives() would be true.
  bool may_arrive(const SessionId& topic, Connection connection) const;

  std::size_t topics() const { return holders_.size(); }
  std::size_t connections() const { return held_.size(); }

 private:
  struct Holder {
    Connection connection;
    zmq::message_t keeper;
  };
  bool holds(const SessionId& topic, Connection connection) const;

  std::unordered_map<SessionId, std::vector<Holder>>
      holders_;                                       // in the order of their coming; none is empty
  std::unordered_map<Connection, std::size_t> held_;  // how many topics; none is 0
};

}  // namespace baton::internal::broker
