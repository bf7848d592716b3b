// Memory faults in mapped data: a library that follows a damaged pointer, or reads a truncated
// part, would end the process without a message.
#pragma once

#include <string>

namespace baton::internal::broker::disk {

/// While it exists, SIGBUS prints a message on stderr and ends the process with exit code 1; until
/// reading_is_over() SIGSEGV, SIGFPE and SIGABRT do so, too. One at a time.
class FaultGuard {
 public:
  /// `at_start` is the message until reading_is_over(), `later` the one after it.
  FaultGuard(std::string at_start, std::string later);
  ~FaultGuard();
  FaultGuard(const FaultGuard&) = delete;
  FaultGuard& operator=(const FaultGuard&) = delete;

  /// Everything was read and is intact: a later fault is not damage, but a page that is no longer
  /// there.
  static void reading_is_over();
};

}  // namespace baton::internal::broker::disk
