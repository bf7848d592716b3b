// Distinguishes the process that created something from its fork() children.
#pragma once

#include <atomic>
#include <cstdint>

namespace baton::internal {

namespace detail {
extern std::atomic<std::uint64_t> forks;
}

/// Changes in a child, never in its parent, once watch_forks() was called. Costs one load.
inline std::uint64_t forks() { return detail::forks.load(std::memory_order_relaxed); }
/// Counts forks from now on; returns forks().
std::uint64_t watch_forks();

/// A random number, never 0, unique to this process on all hosts; a child has another one. Any
/// thread.
std::uint64_t process_number();

}  // namespace baton::internal
