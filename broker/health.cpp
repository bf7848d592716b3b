#include "broker/health.hpp"

#include <zmq.hpp>

#include "net/receive.hpp"
#include "net/sockets.hpp"
#include "proto/message.hpp"

namespace baton::internal::broker {
namespace {

/// Whether the received message is a broker's answer: the topic, then the message.
bool is_alive(zmq::socket_t& notifications) {
  zmq::message_t frame;
  Header header;
  if (!receive_frame(notifications, frame) || !frame.more()) return false;
  return receive_frame(notifications, frame) &&
         read_header(bytes_of(frame), header) == Refusal::none && header.type == MessageType::alive;
}

}  // namespace

bool broker_answers(const BrokerAddress& broker, Duration time_limit) {
  const auto session = random_session();
  auto context = make_context(1);
  auto notifications = make_socket(context, zmq::socket_type::sub);
  auto control = make_socket(context, zmq::socket_type::push);
  notifications.set(zmq::sockopt::subscribe, session.view());
  zmq_uninterrupted([&] {
    notifications.connect(to_tcp(broker.host, broker.port_of(EndpointPort::notifications)));
  });
  zmq_uninterrupted(
      [&] { control.connect(to_tcp(broker.host, broker.port_of(EndpointPort::control))); });

  const auto question = encode_json({MessageType::probe, 0, {}, session, {}}, {});
  for (const auto until = std::chrono::steady_clock::now() + time_limit;
       std::chrono::steady_clock::now() < until;) {
    send_frame(control, zmq::buffer(question));
    zmq::pollitem_t item{notifications.handle(), 0, ZMQ_POLLIN, 0};
    poll_sockets(&item, 1, std::chrono::milliseconds(100));
    if (item.revents && is_alive(notifications)) return true;
  }
  return false;
}

}  // namespace baton::internal::broker
