// Distinguishes the process that created something from its fork() children.
#pragma once

#include <atomic>
#include <cstdint>

namespace baton::internal {

namespace detail {
extern std::atomic<std::uint64_t> forks;
}

/// Changes in a child, never in its parent. Must be called once before the fork().
std::uint64_t forks();
/// The same, after that call; costs one load.
inline std::uint64_t forks_since() { return detail::forks.load(std::memory_order_relaxed); }

/// A random number, never 0, unique to this process on all hosts; a child has another one. Any
/// thread.
std::uint64_t process_number();

}  // namespace baton::internal
