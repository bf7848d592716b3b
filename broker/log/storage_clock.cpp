#include "broker/log/storage_clock.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "proto/counted.hpp"

namespace baton::internal::broker::log {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr std::int64_t worth_a_warning = 1000;  // ms; smaller steps are normal clock corrections
// Ms: upper bound of any difference.
constexpr std::int64_t longest = std::int64_t{100} * 365 * 24 * 3600 * 1000;

std::int64_t between(UnixMs from, UnixMs to) {
  const auto distance = std::min<UnixMs>(from < to ? to - from : from - to, longest);
  return from < to ? static_cast<std::int64_t>(distance) : -static_cast<std::int64_t>(distance);
}

/// Such as "36 h", for people.
std::string rounded(std::int64_t ms) {
  struct Unit {
    std::int64_t ms;
    const char* name;
  };
  for (const auto& [unit, name] :
       {Unit{86'400'000, "day"}, Unit{3'600'000, "hour"}, Unit{60'000, "minute"}})
    if (ms >= 2 * unit - unit / 2)
      return counted(static_cast<std::uint64_t>((ms + unit / 2) / unit), name);
  return counted(static_cast<std::uint64_t>((ms + 500) / 1000), "second");
}

}  // namespace

StorageClock::StorageClock(const Reading& last, UnixMs wall, Time now)
    : begin_(now), time_(wall), ahead_(0) {
  if (last == Reading{}) return;
  const auto passed = between(last.wall, wall);
  time_ = last.time + static_cast<UnixMs>(std::max<std::int64_t>(passed, 0));
  ahead_ = between(time_, wall);
  if (passed <= -worth_a_warning) warn(passed, "while no broker ran");
}

UnixMs StorageClock::at(Time time) const {
  if (time >= begin_)
    return time_ + static_cast<UnixMs>(duration_cast<milliseconds>(time - begin_).count());
  const auto before =
      duration_cast<milliseconds>(begin_ - std::max(time, begin_ - milliseconds(longest))).count();
  return time_ - std::min(time_, static_cast<UnixMs>(before));
}

Time StorageClock::from(UnixMs time, Time now) const {
  return now - milliseconds(std::max<std::int64_t>(between(time, at(now)), 0));
}

Delay StorageClock::delay(std::uint32_t asked_ms, Time now) const {
  return asked_ms == 0 ? Delay{} : Delay{at(now) + asked_ms, asked_ms};
}

std::uint32_t StorageClock::left_ms(const Delay& delay, Time now) const {
  const auto kept = at(now);
  return delay.due > kept
             ? static_cast<std::uint32_t>(std::min<UnixMs>(delay.due - kept, delay.asked_ms))
             : 0;
}

StorageClock::Reading StorageClock::look(UnixMs wall, Time now) {
  const Reading reading{at(now), wall};
  const auto ahead = between(reading.time, wall);
  if (const auto step = ahead - std::exchange(ahead_, ahead); std::abs(step) >= worth_a_warning)
    warn(step, "while this broker runs");
  return reading;
}

std::vector<std::string> StorageClock::take_warnings() { return std::exchange(warnings_, {}); }

void StorageClock::warn(std::int64_t step_ms, const char* when) {
  const bool forward = step_ms > 0;
  warnings_.push_back(std::string("the system's clock was set ") + (forward ? "forward" : "back") +
                      " by " + rounded(std::abs(step_ms)) + " " + when +
                      (forward ? ", or this machine slept" : "") + ": delays are not affected");
}

}  // namespace baton::internal::broker::log
