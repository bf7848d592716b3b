// One failed attempt at an item: who, why, when.
#pragma once

#include <string>
#include <vector>

#include "proto/limits.hpp"

namespace baton::broker {

struct Attempt {
  std::string consumer;  ///< "host/pid" or the name it gave
  std::string why;
  Time at{};
};

/// Leaves the last ones whose texts take so many bytes together; at least one, whose reason is cut if need be.
void keep_last(std::vector<Attempt>& history, std::size_t bytes);

}  // namespace baton::broker
