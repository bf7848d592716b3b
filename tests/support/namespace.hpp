// A network of the test's own.
#pragma once

#include <string>

#include "tests/support/baton.hpp"

namespace baton::internal::e2e {

/// A network namespace with a mount namespace, in which only the loopback device is up until
/// `setup` (a shell script) has done more. Both go when this object and the processes in there are
/// gone. Where a machine forbids them, why_not() says what was refused.
class Namespace {
 public:
  explicit Namespace(const std::string& setup);

  const std::string& why_not() const { return why_not_; }
  /// Starts a program of ours in there.
  Process start(const std::string& program, const Args& args) const;

 private:
  Process holder_;  // its processes have the namespaces
  std::string why_not_;
};

}  // namespace baton::internal::e2e
