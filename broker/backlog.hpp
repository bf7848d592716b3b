// Messages that have come in and are not dealt with yet.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <unordered_map>
#include <zmq.hpp>

namespace baton::broker {

/// By the connections they came over, which take turns; each one's keep their order. When all take more than they may, a
/// connection that has its share of it gets no more in: who sends more than is dealt with loses what is his own. Pure: no
/// socket.
class Backlog {
 public:
  /// Names a connection. As long as a message of it is kept, no other connection has the same.
  using Connection = const void*;

  /// All take `most` bytes, twice as much where connections with less than their share have come late, and one message.
  explicit Backlog(std::size_t most) : most_(most) {}

  /// False when there is no room for it: then it is dropped.
  bool push(Connection from, zmq::message_t&& message);
  /// The oldest message of the connection whose turn it is.
  std::optional<zmq::message_t> pop();

  bool empty() const { return turns_.empty(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Waiting {
    std::deque<zmq::message_t> messages;
    std::size_t bytes = 0;
  };

  std::size_t most_;
  std::size_t bytes_ = 0;
  std::unordered_map<Connection, Waiting> waiting_;  // none is empty
  std::deque<Connection> turns_;                     // the same connections, the next one first
};

}  // namespace baton::broker
