// A signal handler may run in the midst of any call that waits (a profiler's, say, or one of a
// library that was loaded before us). That is nothing: the call is made again. Every such call on a
// thread that takes signals goes through here, or through net/uninterrupted.hpp.
#pragma once

#include <cerrno>

namespace baton::internal {

/// A system call, which returns -1 with EINTR then.
template <class Call>
auto uninterrupted(Call call) {
  for (;;) {
    const auto result = call();
    if (result != -1 || errno != EINTR) return result;
  }
}

}  // namespace baton::internal
