// Distinguishes the process that created something from its fork() children.
#pragma once

#include <cstdint>

namespace baton::internal {

/// Changes in a child, never in its parent. The first call must come before the fork(); each call
/// costs one load.
std::uint64_t forks();

/// A random number, never 0, unique to this process on all hosts; a child has another one. Any
/// thread.
std::uint64_t process_number();

}  // namespace baton::internal
