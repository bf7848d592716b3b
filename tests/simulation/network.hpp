// Connections as ZeroMQ gives them: each keeps its own order, takes its time, and can break by itself.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "tests/simulation/world.hpp"

namespace baton::simulation {

/// What goes wrong with single messages while the world is faulty, per mille; and how long they take.
struct LineQuality {
  std::uint64_t lost = 0;
  std::uint64_t doubled = 0;
  Duration slowest = 2ms;       ///< a message
  Duration connecting = 500ms;  ///< at most, while the world is faulty: ZMQ_RECONNECT_IVL_MAX
};

/// One direction of one connection.
class Pipe : public std::enable_shared_from_this<Pipe> {
 public:
  using Receive = std::function<void(std::string)>;
  Pipe(World& world, LineQuality quality, Receive receive)
      : world_(world), quality_(quality), receive_(std::move(receive)) {}

  void send(std::string bytes);
  /// What is under way is lost, but for a part of it that had arrived already.
  void lose();
  /// Nothing arrives for a while.
  void stall(Duration time);
  /// Nothing arrives any more.
  void close();

 private:
  struct Message {
    Time due;
    std::string bytes;
  };
  void enqueue(std::string bytes);
  void expect_front();
  void arrive(std::uint64_t turn);

  World& world_;
  LineQuality quality_;
  Receive receive_;
  std::deque<Message> under_way_;
  Time not_before_{};
  std::uint64_t turn_ = 0;  // of the arrival that is expected; others are void
};

/// From a client's PUSH to a door. It reconnects by itself; what is sent meanwhile waits.
class DoorLink : public std::enable_shared_from_this<DoorLink> {
 public:
  DoorLink(World& world, LineQuality quality, Pipe::Receive receive)
      : world_(world), quality_(quality), pipe_(std::make_shared<Pipe>(world, quality, std::move(receive))) {}

  void connect();
  void send(std::string bytes);
  void cut();
  void stall(Duration time) { pipe_->stall(time); }
  /// By the client: what waits is dropped, what is under way arrives.
  void close();

 private:
  World& world_;
  const LineQuality quality_;
  std::shared_ptr<Pipe> pipe_;
  std::deque<std::string> waiting_;
  bool up_ = false, closed_ = false;
};

/// What the broker's end of news and lanes looks like to the network.
class BrokerEnd;
class ClientEnd;

/// From news to a client's SUB: the broker sees it arrive and leave.
class NewsLink : public std::enable_shared_from_this<NewsLink> {
 public:
  NewsLink(World& world, LineQuality quality, BrokerEnd& broker, SessionId topic, Pipe::Receive receive)
      : world_(world),
        quality_(quality),
        pipe_(std::make_shared<Pipe>(world, quality, std::move(receive))),
        broker_(broker),
        topic_(topic) {}

  void connect();
  void deliver(const std::string& bytes);
  void cut();
  void stall(Duration time) { pipe_->stall(time); }
  void close();
  const SessionId& topic() const { return topic_; }

 private:
  void leave();

  World& world_;
  const LineQuality quality_;
  std::shared_ptr<Pipe> pipe_;
  BrokerEnd& broker_;
  SessionId topic_;
  bool up_ = false, closed_ = false;
  std::uint64_t connection_ = 0;  // counts them: a subscription that is overtaken by its end is void
};

/// From a lane's PUSH to its consumer's PULL: one connection, never made again.
class LaneLink : public std::enable_shared_from_this<LaneLink> {
 public:
  LaneLink(World& world, LineQuality quality, BrokerEnd& broker, ClientEnd& client, std::uint32_t generation);

  void connect(std::uint16_t port);
  void deliver(std::string bytes) { pipe_->send(std::move(bytes)); }
  void stall(Duration time) { pipe_->stall(time); }
  /// It breaks, or the broker ends it.
  void cut();
  /// The client ends it.
  void close();

 private:
  World& world_;
  std::shared_ptr<Pipe> pipe_;
  BrokerEnd& broker_;
  ClientEnd& client_;
  std::uint32_t generation_;
  bool closed_ = false;
};

class BrokerEnd {
 public:
  virtual ~BrokerEnd() = default;
  /// A subscription arrives at news (or leaves).
  virtual void subscription(std::shared_ptr<NewsLink> link, bool arrives) = 0;
  /// A connection comes to a lane's port; false: nobody is there.
  virtual bool lane_connection(std::uint16_t port, std::shared_ptr<LaneLink> link) = 0;
  virtual void lane_disconnection(const LaneLink& link) = 0;
};

class ClientEnd {
 public:
  virtual ~ClientEnd() = default;
  virtual void lane(std::uint32_t generation, std::string bytes) = 0;
  virtual void lane_up(std::uint32_t generation) = 0;
  virtual void lane_down(std::uint32_t generation) = 0;
};

}  // namespace baton::simulation
