// One failure of an item: which consumer, why, when.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "proto/greeting.hpp"
#include "proto/limits.hpp"

namespace baton::internal::broker {

struct FailureRecord {
  std::string consumer;  ///< "host/pid" or the name it gave
  std::string why;
  Time at{};
};

/// Keeps the last failures whose texts fit into `bytes`; at least one, its reason cut if necessary.
inline void keep_last(std::vector<FailureRecord>& history, std::size_t bytes) {
  std::size_t first = history.size();
  for (auto left = bytes; first > 0; --first) {
    auto& failure = history[first - 1];
    const auto size = failure.consumer.size() + failure.why.size();
    if (size > left && first < history.size()) break;
    if (size > left)
      failure.why = cut_utf8(failure.why, left - std::min(left, failure.consumer.size()));
    left -= std::min(left, size);
  }
  history.erase(history.begin(), history.begin() + static_cast<std::ptrdiff_t>(first));
}

}  // namespace baton::internal::broker
