#include "broker/control_door.hpp"

#include <bit>
#include <string>
#include <utility>

#include "net/receive.hpp"
#include "net/sockets.hpp"
#include "proto/counted.hpp"

namespace baton::broker {
namespace {

constexpr std::size_t most_backlog = 32u << 20;  // what honest clients have under way is bounded by their windows
constexpr Duration take_in_share = 5ms;          // of a turn, at most; dropping is faster than any network brings it
constexpr int between_looks = 32;                // at the clock, messages: it takes as long as one of them

}  // namespace

ControlDoor::ControlDoor(zmq::context_t& context)
    : socket_(make_socket(context, zmq::socket_type::pull)), backlog_(most_backlog) {}

bool ControlDoor::read(Front& front, Time until) {
  zmq::message_t message;
  int frames = 0;
  for (auto now = Clock::now(); now < until; now = Clock::now()) {
    if (const auto waiting = backlog_.pop())
      front.on_control(bytes_of(*waiting), now);
    else if (!receive(socket_, message, frames))
      return true;
    else if (frames == 1)
      front.on_control(bytes_of(message), now);
    else
      front.on_frames(now);
  }
  take_in(front, Clock::now() + take_in_share);
  return false;
}

void ControlDoor::take_in(Front& front, Time until) {
  zmq::message_t message;
  int frames = 0;
  for (auto now = Clock::now(); now < until; now = Clock::now())
    for (int i = 0; i < between_looks; ++i) {
      if (!receive(socket_, message, frames)) return;
      if (frames != 1)
        front.on_frames(now);
      else if (message.size() < header_size)
        front.on_control(bytes_of(message), now);  // is refused at once
      else if (const char* peer = peer_of(message); !backlog_.push(peer, std::move(message)))
        log_drop(front, peer);
    }
}

/// Each time that there are twice as many.
void ControlDoor::log_drop(Front& front, const char* peer) {
  if (!std::has_single_bit(++dropped_)) return;
  front.effects().log.push_back(counted(dropped_, "message") + " dropped so far: " + (peer ? peer : "somebody") +
                                " sends more than can be dealt with");
}

}  // namespace baton::broker
