// Memory faults while a damaged file is read: libraries that follow a flipped pointer end the process without a word.
#pragma once

#include <string>

namespace baton::broker::disk {

/// While it lives, SIGSEGV, SIGBUS, SIGFPE and SIGABRT print `last_words` on stderr and end the process with exit code 1.
/// One at a time.
class FaultGuard {
 public:
  explicit FaultGuard(std::string last_words);
  ~FaultGuard();
  FaultGuard(const FaultGuard&) = delete;
  FaultGuard& operator=(const FaultGuard&) = delete;
};

}  // namespace baton::broker::disk
