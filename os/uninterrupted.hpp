// A signal handler may run during any waiting call (of a profiler, say, or of a library loaded
// before us). The call is then simply repeated. Every such call on a thread that takes signals uses
// this function or net/uninterrupted.hpp.
#pragma once

#include <cerrno>

namespace baton::internal {

/// A system call that returns -1 with EINTR when interrupted.
template <class Call>
auto uninterrupted(Call call) {
  for (;;) {
    const auto result = call();
    if (result != -1 || errno != EINTR) return result;
  }
}

}  // namespace baton::internal
