// When to tell the broker what was received on a delivery link, as it limits what is under way.
#pragma once

#include "proto/deadline.hpp"

namespace baton::internal {

class LinkReport {
 public:
  void came(std::size_t bytes) { unreported_ += bytes; }
  void reported(Time now) {
    unreported_ = 0;
    reported_at_ = now;
  }
  Time due() const {
    if (unreported_ < worth_reporting) return never;
    return unreported_ >= report_at_once ? Time::min() : reported_at_ + report_within;
  }

 private:
  static constexpr std::size_t report_at_once = 256 << 10, worth_reporting = 16 << 10;
  static constexpr Duration report_within = 20ms;

  std::size_t unreported_ = 0;  // bytes
  Time reported_at_ = Time::min();
};

}  // namespace baton::internal
