// The clock of the times that are kept. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/limits.hpp"

namespace baton::internal::broker::log {

/// Milliseconds since 1970; 0 is none.
using UnixMs = std::uint64_t;

/// When an item may be delivered. Format 1 did not keep what was asked: then that is no_limit.
struct Delay {
  static constexpr std::uint32_t no_limit = UINT32_MAX;
  UnixMs due = 0;
  std::uint32_t asked_ms = 0;  ///< never is more than this left of it

  bool operator==(const Delay&) const = default;
};

/// It began as the system's clock, and never steps. While a process runs it goes with the steady
/// clock; from one process to the next it goes on by what has passed on the system's clock, and
/// never back. So a clock that is set does nothing to delays, but forward while no broker runs:
/// that looks like time.
class StorageClock {
 public:
  /// The same moment on both clocks.
  struct Reading {
    UnixMs time = 0;
    UnixMs wall = 0;
    bool operator==(const Reading&) const = default;
  };

  /// `last`: what the process before noted last, or nothing. `wall` and `now` are the same moment.
  StorageClock(const Reading& last, UnixMs wall, Time now);

  UnixMs at(Time time) const;
  /// What is later than `now` there was written by a clock whose notes were lost: it is `now`.
  Time from(UnixMs time, Time now) const;
  Delay delay(std::uint32_t asked_ms, Time now) const;
  std::uint32_t left_ms(const Delay& delay, Time now) const;

  /// Sees steps of the system's clock, and returns what is to be noted for the next process. About
  /// once a second.
  Reading look(UnixMs wall, Time now);
  /// Which steps were seen since the last call, for the operator.
  std::vector<std::string> take_warnings();

 private:
  void warn(std::int64_t step_ms, const char* when);

  const Time begin_;
  UnixMs time_;  // at `begin_`
  std::int64_t
      ahead_;  // how far the system's clock is ahead of this one, when it was last looked at
  std::vector<std::string> warnings_;
};

}  // namespace baton::internal::broker::log
