// The notification endpoint: who subscribes to what, and what the sessions are told.
#pragma once

#include <zmq.hpp>

#include "broker/dispatcher.hpp"
#include "broker/effects.hpp"
#include "broker/notification_topics.hpp"

namespace baton::internal::broker {

/// An XPUB in manual mode: it hands up each subscription, and nothing is sent to whom the topic was
/// not granted.
class NotificationEndpoint {
 public:
  explicit NotificationEndpoint(zmq::context_t& context);

  /// Tells `dispatcher` who came and who left, until there is nothing more (then it returns true)
  /// or `until`.
  bool read(Dispatcher& dispatcher, Time until);
  void send(const Effects::Notification& notification);

  zmq::socket_t& socket() { return socket_; }

 private:
  void arrives(Dispatcher& dispatcher, const SessionId& topic,
               NotificationTopics::Connection connection, Time now);
  void leaves(Dispatcher& dispatcher, const SessionId& topic,
              NotificationTopics::Connection connection, Time now);

  zmq::socket_t socket_;
  NotificationTopics topics_;
  zmq::message_t message_;  // the one at hand
  bool in_step_ = true;     // the socket grants to whom message_ came from
};

}  // namespace baton::internal::broker
