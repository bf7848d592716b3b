// Lengths of time as users give them, and the points in time that they lead to. The largest that a
// type can say stand for "without limit", and no sum or conversion of them runs over.
#pragma once

#include <algorithm>
#include <chrono>

#include "proto/limits.hpp"

namespace baton::internal {

/// The same length in the clock's unit, or the nearest that it can say.
template <class Rep, class Period>
constexpr Duration saturated(std::chrono::duration<Rep, Period> length) {
  using Users = std::chrono::duration<Rep, Period>;
  if (length >= std::chrono::duration_cast<Users>(Duration::max())) return Duration::max();
  if (length <= std::chrono::duration_cast<Users>(Duration::min())) return Duration::min();
  return std::chrono::duration_cast<Duration>(length);
}

/// The point in time `wait` after `now`: `now` for a negative one, `never` where the clock does not
/// reach. Every time that comes from a user goes through here.
template <class Rep, class Period>
constexpr Time deadline_after(Time now, std::chrono::duration<Rep, Period> wait) {
  const Duration left = saturated(wait);
  if (left <= Duration::zero()) return now;
  return left < never - std::max(now, Time{}) ? now + left : never;
}

/// How long a call may wait: made of any duration, none of which runs over on the way
/// (std::chrono's own conversion does).
class TimeLimit {
 public:
  template <class Rep, class Period>
  constexpr TimeLimit(std::chrono::duration<Rep, Period> length) : length_(saturated(length)) {}
  constexpr operator Duration() const { return length_; }

 private:
  Duration length_;
};

}  // namespace baton::internal
