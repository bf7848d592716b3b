// Distinguishes the process that created something from its fork() children.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

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

/// For a child: keeps what needs threads that only the parent has, and so cannot be freed. It stays
/// reachable, so that leak checkers are quiet.
template <class Thing>
void keep_forever(std::unique_ptr<Thing> thing) {
  struct One {
    std::unique_ptr<Thing> thing;
    One* next;
  };
  static constinit std::atomic<One*> all = nullptr;
  auto* one = new One{std::move(thing), all};
  while (!all.compare_exchange_weak(one->next, one)) {
  }
}

}  // namespace baton::internal
