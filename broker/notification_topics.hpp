// Which connection to the notification endpoint holds which topics.
#pragma once

#include <unordered_map>
#include <vector>
#include <zmq.hpp>

#include "proto/ids.hpp"

namespace baton::internal::broker {

/// A connection holds at most topics_per_connection topics: a client needs one, and a stranger that
/// subscribes to thousands costs no more. Pure: no socket.
class NotificationTopics {
 public:
  /// Identifies a connection. It is not reused while a message of that connection is kept.
  using Connection = const void*;

  /// `connection` subscribes to `topic`. Returns false, without effect, if it holds the topic
  /// already or has too many. `keeper` is kept as long as the topic.
  bool arrives(const SessionId& topic, Connection connection, zmq::message_t&& keeper = {});
  /// `connection` gives up `topic`. Without a connection (it has ended, and is not known) the one
  /// that has held the topic longest does. Returns false if it did not hold it.
  bool leaves(const SessionId& topic, Connection connection);

  /// Whether arrives() would return true.
  bool may_arrive(const SessionId& topic, Connection connection) const;

  std::size_t topics() const { return holders_.size(); }
  std::size_t connections() const { return held_.size(); }

 private:
  struct Holder {
    Connection connection;
    zmq::message_t keeper;
  };
  bool holds(const SessionId& topic, Connection connection) const;

  // In order of arrival; none is empty.
  std::unordered_map<SessionId, std::vector<Holder>> holders_;
  std::unordered_map<Connection, std::size_t> held_;  // number of topics; none is 0
};

}  // namespace baton::internal::broker
