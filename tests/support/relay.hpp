// A relay between the clients and the broker, on an address of its own: it breaks their connections
// at random.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/wire.hpp"

namespace baton::internal::e2e {

/// What is to happen to the connections: each time to one of a kind drawn at random.
struct Trouble {
  std::uint64_t seed = 1;
  std::size_t faults = 0;
  std::vector<Channel> channels{Channel::put, Channel::control, Channel::notifications,
                                Channel::delivery};  ///< one named twice is hit twice as often
  Clock::duration every{};                           ///< a mean
  double resets = 0.5;  ///< share of the faults; the others are silences of one direction
  Clock::duration shortest = 100ms, longest = 2s;  ///< of a silence
  /// ... of what a client says: heartbeats come every 1.25 s at least.
  Clock::duration longest_up = 1500ms;
};

/// What has happened.
struct Troubled {
  struct Counts {
    std::size_t resets = 0, silences = 0;
  };
  std::array<Counts, channel_kinds> of{};
  std::size_t connections = 0;  ///< that were made through it
  std::vector<std::pair<Clock::time_point, std::string>> history;
  std::size_t faults() const;
};

/// Listens at here(), at the broker's endpoints and at a block of ports for its links; passes all
/// on to the same ports at loopback(). Everything happens in a thread of its own.
class Relay {
 public:
  static const std::string& here();  ///< no other test's

  /// Finds so many ports in a row that are free.
  explicit Relay(std::size_t delivery_ports);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// The block of ports, as the broker's --delivery-ports wants it.
  std::string delivery_ports() const;
  /// The broker's endpoints, from `base` on.
  void open_endpoints(std::uint16_t base);

  void disturb(const Trouble& trouble);
  /// Waits until all of it has happened, and is over. False when it is not by the deadline.
  bool wait_calm(Clock::duration within);
  Troubled troubled() const;

 private:
  struct Listener {
    int fd;
    std::uint16_t port;
    Channel channel;
  };
  bool listen_block(std::uint16_t first, std::size_t count);
  void listen(std::uint16_t port, Channel channel);
  void drop_listeners();

  void run();
  void serve(std::vector<pollfd>& items);
  void accept(const Listener& listener, Clock::time_point now);
  void accept_new(Clock::time_point now);
  void drop_finished();
  void happen(Clock::time_point now);
  bool happen_to(Channel channel, Clock::time_point now);
  std::string silence(Wire& wire, Clock::time_point now);
  Clock::time_point next_time(Clock::time_point now) const;
  Clock::duration draw(Clock::duration min, Clock::duration max);

  std::uint16_t first_delivery_port_ = 0, last_delivery_port_ = 0;
  int listening_;  // an epoll of all listeners
  int wake_;
  std::vector<std::unique_ptr<Wire>> wires_;  // of the thread

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable calm_;
  std::vector<Listener> listeners_;
  Trouble trouble_;
  Troubled troubled_;
  std::size_t faults_wanted_ = 0;  // in all
  std::mt19937_64 random_;
  Clock::time_point next_fault_ = Clock::time_point::max();
  Clock::time_point last_ends_ = Clock::time_point::min();
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace baton::internal::e2e
