// Which process this is: the one that made something, or a child that fork() made of it.
#pragma once

#include <cstdint>

namespace baton::internal {

/// Changes in a child, never in its parent. The first call, which is to come before the fork(),
/// takes care of that; any call costs one load.
std::uint64_t forks();

/// A random number, never 0, of this process and no other on any host; a child's is another one.
/// From any thread.
std::uint64_t process_number();

}  // namespace baton::internal
