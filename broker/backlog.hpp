// Messages that have come in and are not dealt with yet.
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

/// By the connections they came over. Each one's keep their order; among connections the one is
/// next whose messages have taken the least time, so that it does not matter to others how much one
/// sends, and how costly it is ("start-time fair queueing", Goyal 1996). When all take more memory
/// than they may, a connection that has its share of it gets no more in. Pure: no socket, no clock.
class Backlog {
 public:
  /// Names a connection. As long as a message of it is kept, no other connection has the same.
  using Connection = const void*;

  /// All take `most` bytes, twice as much where connections with less than their share have come
  /// late, and one message. One connection takes `most_of_one`.
  Backlog(std::size_t most, std::size_t most_of_one) : most_(most), most_of_one_(most_of_one) {}

  enum class Push : std::uint8_t {
    queued,
    no_room,   ///< it is as it was: others have too much, or its connection was found to have
    too_much,  ///< likewise: its connection has. What waited of it is forgotten, but for one
               ///< message
  };
  Push push(Connection from, zmq::message_t&& message);
  /// The oldest message of the connection whose turn it is.
  std::optional<zmq::message_t> pop();
  /// What was popped last took so long.
  void took(Duration time);

  bool empty() const { return turns_.empty(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Waiting {
    std::deque<zmq::message_t> messages;
    std::size_t bytes = 0;
    bool too_much = false;
    Duration start{};  ///< of its next message, on the clock that `now_` is
  };

  void forget_all_but_one(Waiting& waiting);
  bool has_room(const Waiting& waiting, std::size_t size) const;

  std::size_t most_, most_of_one_;
  std::size_t bytes_ = 0;
  std::unordered_map<Connection, Waiting>
      waiting_;  // but for the one that was popped last, none is empty
  std::set<std::pair<Duration, Connection>> turns_;  // the others, by when they start
  Duration now_{};                                   // when what was popped last has started
  Connection last_ = nullptr;  // the one that it was popped from, until took()
};

}  // namespace baton::internal::broker
