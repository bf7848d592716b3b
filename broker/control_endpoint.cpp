#include "broker/control_endpoint.hpp"

#include <bit>
#include <string>
#include <utility>

#include "net/cut_off.hpp"
#include "net/receive.hpp"
#include "net/sockets.hpp"
#include "proto/counted.hpp"

namespace baton::internal::broker {
namespace {

constexpr std::size_t most_backlog = 32u << 20;
// A client that respects its windows has at most a quarter of that under way: control_window_bytes
// and a `print`.
constexpr std::size_t most_of_one = 8u << 20;
constexpr Duration take_in_share = 5ms;  // at most, of a turn
constexpr int between_looks = 32;  // messages between looks at the clock, which costs as much as
                                   // one message

}  // namespace

ControlEndpoint::ControlEndpoint(zmq::context_t& context)
    : socket_(make_socket(context, zmq::socket_type::pull)), backlog_(most_backlog, most_of_one) {}

bool ControlEndpoint::read(Dispatcher& dispatcher, Time until) {
  zmq::message_t message;
  int frames = 0;
  for (auto now = Clock::now(); now < until; now = Clock::now()) {
    if (const auto waiting = backlog_.pop()) {
      dispatcher.on_control(bytes_of(*waiting), now);
      backlog_.took(Clock::now() - now);
    } else if (!receive(socket_, message, frames)) {
      return true;
    } else if (frames == 1) {
      dispatcher.on_control(bytes_of(message), now);
    } else {
      dispatcher.on_frames(bytes_of(message), now);
    }
  }
  take_in(dispatcher, Clock::now() + take_in_share);
  return false;
}

void ControlEndpoint::take_in(Dispatcher& dispatcher, Time until) {
  zmq::message_t message;
  int frames = 0;
  for (auto now = Clock::now(); now < until; now = Clock::now())
    for (int i = 0; i < between_looks; ++i) {
      if (!receive(socket_, message, frames)) return;
      if (frames == 1)
        keep(dispatcher, message);
      else
        dispatcher.on_frames(bytes_of(message), now);
    }
}

void ControlEndpoint::keep(Dispatcher& dispatcher, zmq::message_t& message) {
  const char* peer = peer_of(message);
  switch (backlog_.push(peer, std::move(message))) {
    case Backlog::Push::queued:
      return;
    case Backlog::Push::no_room:
      if (std::has_single_bit(++dropped_))
        dispatcher.effects().log.push_back(
            counted(dropped_, "message") +
            " dropped so far: more came in at once than can be kept");
      return;
    case Backlog::Push::too_much:
      cut_off(message);
      if (std::has_single_bit(++cut_off_))
        dispatcher.effects().log.push_back(
            counted(cut_off_, "connection") + " ended so far, the last one from " +
            std::string(peer ? peer : "an unknown peer") + ": sent more than a client may");
  }
}

}  // namespace baton::internal::broker
