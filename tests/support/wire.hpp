// Two TCP connections joined, a client's and the broker's, with what can happen to a line between
// them.
#pragma once

#include <poll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/support/process.hpp"

namespace baton::internal::e2e {

/// What a connection is for.
enum class Channel : std::uint8_t { put, control, notifications, delivery };
inline constexpr std::size_t channel_kinds = 4;

/// A direction: `up` is from the client to the broker.
enum class Way : std::uint8_t { up, down };

/// Owned by one thread.
class Wire {
 public:
  /// Takes over both sockets.
  Wire(Channel channel, int client, int broker, Clock::time_point now);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  Channel channel() const { return channel_; }

  /// Both sockets, with what to wait for: the client's, then the broker's.
  std::array<pollfd, 2> waits_for(Clock::time_point now) const;
  /// Passes on what there is, given what poll() said of these two.
  void serve(const pollfd* ready, Clock::time_point now);
  /// One side has closed, and the other has all that was said before.
  bool over() const { return over_; }

  /// Both sides find their connection reset; what was under way is gone.
  void reset();
  /// Nothing passes that way until `until`: it is kept, as by a network that is down.
  void silence(Way way, Clock::time_point until);
  /// When a silence ends next; Clock::time_point::max() when there is none.
  Clock::time_point silent_until(Clock::time_point now) const;

  /// Whether nothing has happened to it for `calm`, and more than a handshake has passed since.
  bool at_work(Clock::time_point now, Clock::duration calm) const;

 private:
  struct Flow {
    Flow(int source, int target) : from(source), to(target) {}
    int from, to;
    std::string pending;  // read, not yet written
    Clock::time_point silent_until = Clock::time_point::min();
    std::uint64_t passed = 0;  // bytes
    bool ended = false;        // `from` will not give more
  };
  Flow& flow(Way way) { return flows_[static_cast<std::size_t>(way)]; }
  const Flow& flow(Way way) const { return flows_[static_cast<std::size_t>(way)]; }
  void pass(Flow& flow);
  bool write_pending(Flow& flow);

  Channel channel_;
  int client_, broker_;
  std::array<Flow, 2> flows_;
  Clock::time_point calm_since_;
  bool over_ = false;
};

}  // namespace baton::internal::e2e
