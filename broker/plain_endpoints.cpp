#include "broker/plain_endpoints.hpp"

#include <iterator>

#include "net/receive.hpp"
#include "net/sockets.hpp"

namespace baton::internal::broker {
namespace {

constexpr int out_high_water = 16;         // bodies for one receiver that does not read
constexpr std::uint32_t out_at_once = 16;  // bodies per turn
constexpr int max_from_receivers = 512;    // bytes: receivers send nothing
constexpr Duration rebind_after = 10ms;

}  // namespace

PlainEndpoints::PlainEndpoints(zmq::context_t& context)
    : in_(make_socket(context, zmq::socket_type::pull)),
      out_(make_socket(context, zmq::socket_type::push)) {
  in_.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(max_body));
  out_.set(zmq::sockopt::sndhwm, out_high_water);
  out_.set(zmq::sockopt::maxmsgsize, std::int64_t{max_from_receivers});
}

void PlainEndpoints::bound(const BrokerAddress& broker) {
  in_address_ = to_tcp(broker.host, broker.port_of(EndpointPort::in));
  in_bound_ = true;
}

void PlainEndpoints::keep_in_open(bool open, Time now) {
  if (open == in_bound_) return;
  if (!open) {
    zmq_uninterrupted([&] { in_.unbind(in_.get(zmq::sockopt::last_endpoint)); });
    in_bound_ = false;
    return;
  }
  if (retry_at_ != never && now < retry_at_) return;
  try {
    zmq_uninterrupted([&] { in_.bind(in_address_); });
    in_bound_ = true;
    retry_at_ = never;
  } catch (const zmq::error_t&) {  // the old listener is not quite closed yet
    retry_at_ = now + rebind_after;
  }
}

void PlainEndpoints::read(Dispatcher& dispatcher, Time until) {
  zmq::message_t message;
  int frames = 0;
  for (auto now = Clock::now(); now < until && receive(in_, message, frames); now = Clock::now()) {
    if (frames == 1)
      dispatcher.on_in(bytes_of(message), now);
    else
      dispatcher.on_frames({}, now);
  }
}

std::uint32_t PlainEndpoints::out_room() {
  send({});
  const bool writable =
      unsent_.empty() &&
      (zmq_uninterrupted([&] { return out_.get(zmq::sockopt::events); }) & ZMQ_POLLOUT) != 0;
  return writable ? out_at_once : 0;
}

void PlainEndpoints::send(std::vector<std::string>&& bodies) {
  unsent_.insert(unsent_.end(), std::make_move_iterator(bodies.begin()),
                 std::make_move_iterator(bodies.end()));
  while (!unsent_.empty() && send_frame(out_, zmq::buffer(unsent_.front()))) unsent_.pop_front();
}

}  // namespace baton::internal::broker
