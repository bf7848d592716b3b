// The pure logic of one role, driven by a shell: the Connection, or a simulation.
#pragma once

#include <cstdint>
#include <string_view>

#include "client/outbox.hpp"
#include "proto/limits.hpp"

namespace baton::internal {

/// No sockets, clock or threads in here: `now` is passed to each call and never goes back. Not
/// thread-safe. Frames are message frames without the topic, and are used only during the call.
class ClientLogic {
 public:
  virtual ~ClientLogic() = default;

  /// Called once, before anything else.
  virtual void start(Time now) = 0;
  virtual void on_notification(std::string_view frame, Time now) = 0;
  /// Links are used by consumers. `generation` is that of the connect_link request; others are
  /// ignored.
  virtual void on_link(std::uint32_t /*generation*/, std::string_view /*frame*/, Time /*now*/) {}
  virtual void on_link_up(std::uint32_t /*generation*/, Time /*now*/) {}
  virtual void on_link_down(std::uint32_t /*generation*/, Time /*now*/) {}

  /// Does what is due and appends everything to send. Call it after each batch of the calls above,
  /// after the user's calls, and at next_deadline().
  virtual void tick(Time now, Outbox& out) = 0;
  /// Time::min() if there is more to send at once.
  virtual Time next_deadline() const = 0;

  /// Whether something that a user's thread may wait for has changed since the last call.
  virtual bool take_change() = 0;
};

}  // namespace baton::internal
