// The clock of stored times. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/limits.hpp"

namespace baton::internal::broker::log {

/// Milliseconds since 1970; 0: none.
using UnixMs = std::uint64_t;

/// When an item may be delivered. Format 1 did not store `asked_ms`: then it is no_limit.
struct Delay {
  static constexpr std::uint32_t no_limit = UINT32_MAX;
  UnixMs due = 0;
  std::uint32_t asked_ms = 0;  ///< the requested delay: at no time is more than this left

  bool operator==(const Delay&) const = default;
};

/// It started as the system's clock, and never jumps. While a process runs it follows the steady
/// clock; between two processes it advances by what has passed on the system's clock, and never
/// goes back. So setting the system's clock does not affect delays, except forward while no broker
/// runs: that looks like elapsed time.
class StorageClock {
 public:
  /// The same moment on both clocks.
  struct Reading {
    UnixMs time = 0;
    UnixMs wall = 0;
    bool operator==(const Reading&) const = default;
  };

  /// `last`: the last note of the previous process, or nothing. `wall` and `now` are the same
  /// moment.
  StorageClock(const Reading& last, UnixMs wall, Time now);

  UnixMs at(Time time) const;
  /// A time after `now` was written by a clock whose notes were lost: it counts as `now`.
  Time from(UnixMs time, Time now) const;
  Delay delay(std::uint32_t asked_ms, Time now) const;
  std::uint32_t left_ms(const Delay& delay, Time now) const;

  /// Detects steps of the system's clock, and returns what to note for the next process. Call it
  /// about once a second.
  Reading look(UnixMs wall, Time now);
  /// Steps detected since the last call, for the operator.
  std::vector<std::string> take_warnings();

 private:
  void warn(std::int64_t step_ms, const char* when);

  const Time begin_;
  UnixMs time_;         // at `begin_`
  std::int64_t ahead_;  // of the system's clock over this one, at the last look
  std::vector<std::string> warnings_;
};

}  // namespace baton::internal::broker::log
