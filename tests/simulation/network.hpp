// Connections as ZeroMQ gives them: each keeps its own order, takes its time, and can break by
// itself.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/world.hpp"

namespace baton::internal::simulation {

class Pipe;

/// A slow link that many share, in one direction: it carries what they send in small pieces, chance
/// says whose is next.
class Bottleneck {
 public:
  /// `rate`: bytes per second.
  Bottleneck(World& world, std::uint64_t rate) : world_(world), rate_(rate) {}
  /// It has something to send.
  void carry_for(std::shared_ptr<Pipe> pipe);

 private:
  void carry();

  World& world_;
  const std::uint64_t rate_;
  std::vector<std::weak_ptr<Pipe>> pipes_;  // each once
  bool busy_ = false;
};

/// What goes wrong with single messages while the world is faulty, per mille; and how long they
/// take.
struct LineQuality {
  std::uint64_t lost = 0;
  std::uint64_t doubled = 0;
  Duration slowest = 2ms;            ///< a message
  Duration connecting = 500ms;       ///< at most, while the world is faulty: ZMQ_RECONNECT_IVL_MAX
  std::uint64_t rate = 0;            ///< bytes per second; 0: any
  Bottleneck* bottleneck = nullptr;  ///< that it is behind, in the place of a rate of its own
};

/// Of a client's connections, each by itself.
struct Lines {
  LineQuality put, control, notifications, link;
};
/// `breaking`: messages may be lost, doubled and slow. Either way some clients are behind a slow
/// link: of its rate each connection that carries items has a share; notifications and control,
/// which carry little beside, are not held up.
Lines draw_lines(Random& random, bool breaking);

/// One direction of one connection.
class Pipe : public std::enable_shared_from_this<Pipe> {
 public:
  using Receive = std::function<void(std::string)>;
  Pipe(World& world, LineQuality quality, Receive receive)
      : world_(world), quality_(quality), receive_(std::move(receive)) {}

  void send(std::string bytes);
  /// It breaks: some of what is under way arrives, some is lost. What the sender had not written
  /// yet is given back.
  std::deque<std::string> lose();
  /// The receiver is gone: nothing of what is under way arrives.
  std::deque<std::string> lose_all();
  /// Nothing arrives for a while.
  void stall(Duration time);
  /// Nothing arrives any more.
  void close();

  /// Behind a bottleneck: that carries the next `bytes` of what was sent.
  void carried(std::size_t bytes);
  bool is_carried() const { return to_carry() == under_way_.end(); }

 private:
  struct Message {
    Time due;  // never: it was not carried yet
    std::string bytes;
    std::size_t to_carry = 0;
    Duration late{};
  };
  Fate draw_fate(const std::string& bytes) const;
  void enqueue(std::string bytes, Duration late);
  void expect_front();
  void arrive(std::uint64_t turn);
  std::deque<std::string> keep(std::size_t arriving);
  std::deque<Message>::const_iterator to_carry() const;
  Duration on_its_way() { return world_.random.between(fastest, quality_.slowest); }

  static constexpr Duration fastest = 100us;
  World& world_;
  LineQuality quality_;
  Receive receive_;
  std::deque<Message> under_way_;
  Time not_before_{};
  Time free_at_{};          // when the line has carried all that was sent
  std::uint64_t turn_ = 0;  // of the arrival that is expected; others are void
};

/// A connection that breaks when the broker's process ends.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual void broker_gone() = 0;
};

class NotificationConnection;
class DeliveryConnection;

/// What the broker looks like to the network.
class BrokerEnd {
 public:
  virtual ~BrokerEnd() = default;
  /// Whether its process runs, and how many times it has been started.
  virtual bool up() const = 0;
  virtual std::uint64_t life() const = 0;
  /// A connection stands: it is told when the broker's process ends.
  virtual void attach(std::weak_ptr<Connection> connection) = 0;
  /// A subscription arrives at the notification endpoint (or leaves).
  virtual void subscription(std::shared_ptr<NotificationConnection> connection, bool arrives) = 0;
  /// A session comes to a link's port; false: nobody is there, or the link is not for it.
  virtual bool link_connection(std::uint16_t port,
                               std::shared_ptr<DeliveryConnection> connection) = 0;
  virtual void link_disconnection(const DeliveryConnection& connection) = 0;
};

class ClientEnd {
 public:
  virtual ~ClientEnd() = default;
  virtual void link(std::uint32_t generation, std::string bytes) = 0;
  virtual void link_up(std::uint32_t generation) = 0;
  virtual void link_down(std::uint32_t generation) = 0;
};

/// From a client's PUSH to an endpoint. It reconnects by itself; what is sent meanwhile waits.
class EndpointConnection final : public Connection,
                                 public std::enable_shared_from_this<EndpointConnection> {
 public:
  EndpointConnection(World& world, LineQuality quality, BrokerEnd& broker, Pipe::Receive receive)
      : world_(world),
        quality_(quality),
        broker_(broker),
        pipe_(std::make_shared<Pipe>(world, quality, std::move(receive))) {}

  void connect() { connect(Duration::zero()); }
  void send(std::string bytes);
  void cut();
  void stall(Duration time) { pipe_->stall(time); }
  /// By the client: what waits is dropped, what is under way arrives.
  void close();
  void broker_gone() override;

 private:
  void connect(Duration at_least);
  void connected();

  World& world_;
  const LineQuality quality_;
  BrokerEnd& broker_;
  std::shared_ptr<Pipe> pipe_;
  std::deque<std::string> waiting_;
  bool up_ = false, closed_ = false;
};

/// From the notification endpoint to a client's SUB: the broker sees it arrive and leave.
class NotificationConnection final : public Connection,
                                     public std::enable_shared_from_this<NotificationConnection> {
 public:
  NotificationConnection(World& world, LineQuality quality, BrokerEnd& broker, SessionId topic,
                         Pipe::Receive receive)
      : world_(world),
        quality_(quality),
        pipe_(std::make_shared<Pipe>(world, quality, std::move(receive))),
        broker_(broker),
        topic_(topic) {}

  void connect() { connect(Duration::zero()); }
  void deliver(const std::string& bytes);
  void cut();
  void stall(Duration time) { pipe_->stall(time); }
  void close();
  void broker_gone() override;
  const SessionId& topic() const { return topic_; }

 private:
  void connect(Duration at_least);
  void connected();
  void leave();

  World& world_;
  const LineQuality quality_;
  std::shared_ptr<Pipe> pipe_;
  BrokerEnd& broker_;
  SessionId topic_;
  bool up_ = false, closed_ = false;
  std::uint64_t life_ = 0;  // of the broker that sees it
};

/// From a link's PUSH to its consumer's PULL: one connection, never made again.
class DeliveryConnection final : public Connection,
                                 public std::enable_shared_from_this<DeliveryConnection> {
 public:
  DeliveryConnection(World& world, LineQuality quality, BrokerEnd& broker, ClientEnd& client,
                     SessionId session, std::uint32_t generation);

  void connect(std::uint16_t port);
  void deliver(std::string bytes) { pipe_->send(std::move(bytes)); }
  void stall(Duration time) { pipe_->stall(time); }
  /// It breaks, or the broker ends it.
  void cut();
  /// The client ends it.
  void close();
  void broker_gone() override { cut(); }
  const SessionId& session() const { return session_; }
  std::uint32_t generation() const { return generation_; }

 private:
  World& world_;
  std::shared_ptr<Pipe> pipe_;
  BrokerEnd& broker_;
  ClientEnd& client_;
  const SessionId session_;
  const std::uint32_t generation_;
  bool closed_ = false;
};

}  // namespace baton::internal::simulation
