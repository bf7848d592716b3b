#include "broker/health.hpp"

#include <zmq.hpp>

#include "net/sockets.hpp"
#include "proto/message.hpp"

namespace baton::broker {

bool broker_answers(const Endpoint& endpoint, Duration patience) {
  const auto session = random_session();
  auto context = make_context(1);
  auto news = make_socket(context, zmq::socket_type::sub);
  auto control = make_socket(context, zmq::socket_type::push);
  news.set(zmq::sockopt::subscribe, session.view());
  news.connect(to_tcp(endpoint.host, endpoint.door(DoorPort::news)));
  control.connect(to_tcp(endpoint.host, endpoint.door(DoorPort::control)));

  // A beat of a session that never was: a broker refuses it, on the topic that the beat names.
  const auto question = encode_beat({MessageType::beat, 0, {}, session, {}}, {});
  for (const auto until = std::chrono::steady_clock::now() + patience; std::chrono::steady_clock::now() < until;) {
    control.send(zmq::buffer(question), zmq::send_flags::dontwait);
    zmq::pollitem_t item{news.handle(), 0, ZMQ_POLLIN, 0};
    if (zmq::poll(&item, 1, std::chrono::milliseconds(100)) > 0) return true;
  }
  return false;
}

}  // namespace baton::broker
