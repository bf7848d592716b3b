// Times that come from users: nothing runs over.
#include "proto/deadline.hpp"

#include <doctest/doctest.h>

namespace baton::internal {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using seconds_of_double = std::chrono::duration<double>;

TEST_CASE("deadline: the sum, where the clock reaches it") {
  const Time now = Time{} + 1h;
  CHECK(deadline_after(now, 0ms) == now);
  CHECK(deadline_after(now, 1500ms) == now + 1500ms);
  CHECK(deadline_after(now, seconds_of_double(0.5)) == now + 500ms);
  CHECK(deadline_after(now, hours(24 * 365 * 100)) == now + hours(24 * 365 * 100));
}

TEST_CASE("deadline: never, where it does not") {
  const Time now = Time{} + 1h;
  CHECK(deadline_after(now, milliseconds::max()) == never);
  CHECK(deadline_after(now, nanoseconds::max()) == never);
  CHECK(deadline_after(now, hours::max()) == never);
  CHECK(deadline_after(now, seconds_of_double(1e300)) == never);
  CHECK(deadline_after(now, never - now) == never);
  CHECK(deadline_after(now, never - now - 1ns) == never - 1ns);
}

TEST_CASE("deadline: at once for negative lengths, the longest too") {
  const Time now = Time{} + 1h;
  CHECK(deadline_after(now, -1ms) == now);
  CHECK(deadline_after(now, milliseconds::min()) == now);
  CHECK(deadline_after(now, hours::min()) == now);
  CHECK(deadline_after(Time::min(), 1s) == Time::min() + 1s);
}

TEST_CASE("time limit: the largest of each unit is the largest there is") {
  CHECK(Duration(TimeLimit(milliseconds::max())) == Duration::max());
  CHECK(Duration(TimeLimit(hours::max())) == Duration::max());
  CHECK(Duration(TimeLimit(hours::min())) == Duration::min());
  CHECK(Duration(TimeLimit(20ms)) == 20ms);
}

}  // namespace baton::internal
