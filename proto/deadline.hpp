// Lengths of time given by users, and the resulting points in time. The largest value of a type
// means "without limit"; no sum or conversion of it overflows.
#pragma once

#include <algorithm>
#include <chrono>

#include "proto/limits.hpp"

namespace baton::internal {

/// The same length in the clock's unit, or the nearest value it can represent.
template <class Rep, class Period>
constexpr Duration saturated(std::chrono::duration<Rep, Period> length) {
  using Users = std::chrono::duration<Rep, Period>;
  if (length >= std::chrono::duration_cast<Users>(Duration::max())) return Duration::max();
  if (length <= std::chrono::duration_cast<Users>(Duration::min())) return Duration::min();
  return std::chrono::duration_cast<Duration>(length);
}

/// The time `wait` after `now`: `now` for a negative wait, `never` if it is beyond the clock. All
/// times from users go through here.
template <class Rep, class Period>
constexpr Time deadline_after(Time now, std::chrono::duration<Rep, Period> wait) {
  const Duration left = saturated(wait);
  if (left <= Duration::zero()) return now;
  return left < never - std::max(now, Time{}) ? now + left : never;
}

/// How long a call may wait. Constructed from any duration without overflow (std::chrono's own
/// conversion may overflow).
class TimeLimit {
 public:
  template <class Rep, class Period>
  constexpr TimeLimit(std::chrono::duration<Rep, Period> length) : length_(saturated(length)) {}
  constexpr operator Duration() const { return length_; }

 private:
  Duration length_;
};

}  // namespace baton::internal
