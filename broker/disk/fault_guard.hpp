// Memory faults in data that is mapped: libraries that follow a flipped pointer, or read what was
// cut off, end the process without a word.
#pragma once

#include <string>

namespace baton::internal::broker::disk {

/// While it lives SIGBUS prints last words on stderr and ends the process with exit code 1; until
/// reading_is_over() so do SIGSEGV, SIGFPE and SIGABRT. One at a time.
class FaultGuard {
 public:
  /// `at_start` are the words until reading_is_over(), `later` those from then on.
  FaultGuard(std::string at_start, std::string later);
  ~FaultGuard();
  FaultGuard(const FaultGuard&) = delete;
  FaultGuard& operator=(const FaultGuard&) = delete;

  /// All was read, and is whole: what faults later is not the data, but where a page of it is not
  /// there any more.
  static void reading_is_over();
};

}  // namespace baton::internal::broker::disk
