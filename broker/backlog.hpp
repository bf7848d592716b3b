// Messages that were received and not processed yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <zmq.hpp>

#include "proto/limits.hpp"

namespace baton::internal::broker {

/// A queue per connection. Messages of one connection stay in order. The next message comes from
/// the connection that has used the least processing time, so a connection that sends much, or
/// costly messages, does not delay the others ("start-time fair queueing", Goyal 1996). When all
/// queues together exceed their memory, a connection that already has its share is refused. Pure:
/// no socket, no clock.
class Backlog {
 public:
  /// Identifies a connection. It is not reused while a message of that connection is kept.
  using Connection = const void*;

  /// All queues together take `most` bytes, up to twice that if connections below their share
  /// arrive late, plus one message. One connection takes `most_of_one`.
  Backlog(std::size_t most, std::size_t most_of_one) : most_(most), most_of_one_(most_of_one) {}

  enum class Push : std::uint8_t {
    queued,
    no_room,   ///< not queued: the others use too much, or this connection was already `too_much`
    too_much,  ///< not queued: this connection uses too much. Its waiting messages are dropped,
               ///< except one
  };
  Push push(Connection from, zmq::message_t&& message);
  /// The oldest message of the connection whose turn it is.
  std::optional<zmq::message_t> pop();
  /// How long the message that was popped last took to process.
  void took(Duration time);

  bool empty() const { return turns_.empty(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Waiting {
    std::deque<zmq::message_t> messages;
    std::size_t bytes = 0;
    bool too_much = false;
    Duration start{};  ///< of its next message, on the clock of `now_`
  };

  void forget_all_but_one(Waiting& waiting);
  bool has_room(const Waiting& waiting, std::size_t size) const;

  std::size_t most_, most_of_one_;
  std::size_t bytes_ = 0;
  // None is empty, except the one that was popped last.
  std::unordered_map<Connection, Waiting> waiting_;
  std::set<std::pair<Duration, Connection>> turns_;  // non-empty queues, by start time
  Duration now_{};             // start time of the message that was popped last
  Connection last_ = nullptr;  // the connection it was popped from, until took()
};

}  // namespace baton::internal::broker
