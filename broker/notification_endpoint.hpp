// The notification endpoint: subscriptions of clients, and what sessions are told.
#pragma once

#include <zmq.hpp>

#include "broker/dispatcher.hpp"
#include "broker/effects.hpp"
#include "broker/notification_topics.hpp"

namespace baton::internal::broker {

/// An XPUB in manual mode: it reports each subscription, and sends only to connections whose
/// subscription was granted.
class NotificationEndpoint {
 public:
  explicit NotificationEndpoint(zmq::context_t& context);

  /// Tells `dispatcher` of subscriptions that arrived and left, until there are none (returns true)
  /// or until `until`.
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
  zmq::message_t message_;  // the current one
  bool in_step_ = true;     // the socket's next grant applies to the connection of message_
};

}  // namespace baton::internal::broker
