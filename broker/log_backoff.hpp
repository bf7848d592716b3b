// Frequent events are logged less and less often.
#pragma once

#include <cstdint>

namespace baton::internal::broker {

/// Whether to log the `count`-th event of its kind: the first 3, then each power of two.
inline bool should_log(std::uint64_t count) { return count <= 3 || (count & (count - 1)) == 0; }

}  // namespace baton::internal::broker
