// When a client last heard from its broker, and last sent to it.
#pragma once

#include <algorithm>
#include <utility>

#include "proto/deadline.hpp"
#include "proto/limits.hpp"

namespace baton::internal {

/// A heartbeat comes each second; after this long without news contact is lost.
inline constexpr Duration silence = 2s;

class Contact {
 public:
  void start(Time now) { started_ = opened_ = now; }
  void opened(Time now) { opened_ = now; }  ///< new sockets
  void heard(Time now) { heard_ = now; }
  void said(Time now) { said_ = now; }

  /// How long the process paused until now, if too long to ignore. (While a session begins or
  /// exists there is a tick at least every second or so.)
  Duration pause(Time now) {
    const auto before = std::exchange(ticked_, now);
    if (before == Time::min() || now - before <= silence) return {};
    started_ = std::min(started_ + (now - before), now);
    return now - before;
  }

  Time started() const { return started_; }
  Time opened() const { return opened_; }
  Time heard() const { return heard_; }
  Time said() const { return said_; }
  bool is_silent(Time now) const { return now - heard_ > silence; }
  /// Until when the broker certainly counts this session as alive.
  Time alive_until() const { return std::min(heard_, said_) + session_timeout; }
  /// When to try new sockets.
  Time reopen_at() const { return std::max(heard_, opened_) + session_timeout; }

 private:
  Time ticked_ = Time::min(), started_ = Time::min(), opened_ = Time::min(), heard_ = Time::min(),
       said_ = Time::min();
};

}  // namespace baton::internal
