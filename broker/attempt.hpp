// One failed attempt at an item: who, why, when.
#pragma once

#include <string>

#include "proto/limits.hpp"

namespace baton::broker {

struct Attempt {
  std::string consumer;  ///< "host/pid" or the name it gave
  std::string why;
  Time at{};
};

}  // namespace baton::broker
