// What comes often is logged ever more rarely.
#pragma once

#include <cstdint>

namespace baton::internal::broker {

/// Whether the `count`-th of its kind is: the first 3, and then ever more rarely.
inline bool should_log(std::uint64_t count) { return count <= 3 || (count & (count - 1)) == 0; }

}  // namespace baton::internal::broker
