#include "broker/notification_endpoint.hpp"

#include <algorithm>
#include <utility>

#include "net/receive.hpp"
#include "net/sockets.hpp"
#include "proto/limits.hpp"

namespace baton::internal::broker {
namespace {

// Messages for a subscriber that does not read; all of them are repeated anyway.
constexpr int high_water = 10'000;
constexpr int last_words = 1000;  // ms for messages under way when the broker ends

bool is_subscription(std::string_view frame) {
  return !frame.empty() && (frame[0] == 0 || frame[0] == 1);
}

}  // namespace

NotificationEndpoint::NotificationEndpoint(zmq::context_t& context)
    : socket_(make_socket(context, zmq::socket_type::xpub)) {
  socket_.set(zmq::sockopt::xpub_manual, 1);
  socket_.set(zmq::sockopt::sndhwm, high_water);
  socket_.set(zmq::sockopt::linger, last_words);
  // A handshake takes some 40 bytes, a topic of ours at most 27; each byte more would let
  // strangers' topics cost libzmq more memory, and more time at each departure.
  socket_.set(zmq::sockopt::maxmsgsize, std::int64_t{max_subscription});
}

bool NotificationEndpoint::read(Dispatcher& dispatcher, Time until) {
  int frames = 0;
  for (auto now = Clock::now(); now < until; now = Clock::now()) {
    if (!receive(socket_, message_, frames)) return in_step_ = true;
    const auto frame = bytes_of(message_);
    if (frames != 1 || !is_subscription(frame)) {
      // Only strangers send this. libzmq 4.3.4 then grants later subscriptions to the wrong
      // connections.
      in_step_ = false;
      dispatcher.core().refuse({}, Refusal::wrong_endpoint, {}, now);
      continue;
    }
    SessionId topic;
    if (frame.size() != 1 + topic.bytes.size()) continue;  // too long, or not ours: not granted
    std::copy(frame.begin() + 1, frame.end(), topic.bytes.begin());
    const NotificationTopics::Connection connection = peer_of(message_);
    if (frame[0] == 1)
      arrives(dispatcher, topic, connection, now);
    else
      leaves(dispatcher, topic, connection, now);
  }
  return false;
}

void NotificationEndpoint::arrives(Dispatcher& dispatcher, const SessionId& topic,
                                   NotificationTopics::Connection connection, Time now) {
  if (!in_step_ || !connection || !topics_.may_arrive(topic, connection)) return;
  if (!dispatcher.on_subscription(bytes_of(message_), now)) return;
  socket_.set(zmq::sockopt::subscribe, topic.view());
  topics_.arrives(topic, connection, std::move(message_));
}

void NotificationEndpoint::leaves(Dispatcher& dispatcher, const SessionId& topic,
                                  NotificationTopics::Connection connection, Time now) {
  if (!topics_.leaves(topic, connection)) return;
  if (in_step_ && connection) socket_.set(zmq::sockopt::unsubscribe, topic.view());
  dispatcher.on_subscription(bytes_of(message_), now);
}

void NotificationEndpoint::send(const Effects::Notification& notification) {
  send_frame(socket_, zmq::buffer(notification.to.view()), true);
  send_frame(socket_, zmq::buffer(notification.bytes));
}

}  // namespace baton::internal::broker
