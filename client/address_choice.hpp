// Which of the addresses of the broker's name the sockets go to. Pure.
#pragma once

#include <string>
#include <vector>

namespace baton::internal {

/// Stays with the address that answered last. When that one is silent, sockets opened again
/// included, the others are tried; it has every second turn then, so that dead addresses, however
/// many, keep a client away for one silence at most.
class AddressChoice {
 public:
  /// Where sockets that are opened now go; empty when there is no address. `addresses`: what the
  /// name has now, the best first.
  const std::string& next(const std::vector<std::string>& addresses);
  /// The address that next() gave last has answered.
  void answered();
  const std::string& current() const { return current_; }

 private:
  std::string current_;
  std::string answered_;  // the last one that did; empty: none so far
  std::string tried_;     // the last one that was tried because another was silent, or because none
                          // had answered
  bool heard_ = false;    // current_ has answered since it was chosen
};

}  // namespace baton::internal
