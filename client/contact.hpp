// When a client last heard of its broker, and let it hear.
#pragma once

#include <algorithm>
#include <utility>

#include "proto/deadline.hpp"
#include "proto/limits.hpp"

namespace baton::internal {

/// Without news, a heartbeat each second included: out of touch.
inline constexpr Duration silence = 2s;

class Contact {
 public:
  void start(Time now) { started_ = opened_ = now; }
  void opened(Time now) { opened_ = now; }  ///< new sockets
  void heard(Time now) { heard_ = now; }
  void said(Time now) { said_ = now; }

  /// For how long the process stood still until now, when that is too long to be nothing. (While a
  /// session is begun or stands there is a tick at least each second or so.)
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
  /// When new sockets are to be tried.
  Time reopen_at() const { return std::max(heard_, opened_) + session_timeout; }

 private:
  Time ticked_ = Time::min(), started_ = Time::min(), opened_ = Time::min(), heard_ = Time::min(),
       said_ = Time::min();
};

}  // namespace baton::internal
