// What the holder of an item says became of it.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/ids.hpp"

namespace baton::internal::broker {

struct Settlement {
  enum class Kind : std::uint8_t { done, failed, released };
  Kind kind = Kind::done;
  ItemId id;
  std::string_view reason = {};  ///< of a failure
  std::uint32_t delay_ms = 0;    ///< after a failure
};

}  // namespace baton::internal::broker
