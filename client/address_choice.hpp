// Chooses which address of the broker's name the sockets connect to. Pure.
#pragma once

#include <string>
#include <vector>

namespace baton::internal {

/// Stays with the address that answered last. If that one is silent, even on new sockets, the other
/// addresses are tried, alternating with it, so dead addresses, however many, delay a client by one
/// silence at most.
class AddressChoice {
 public:
  /// The address for sockets that are opened now; empty if there is none. `addresses`: the current
  /// addresses of the name, best first.
  const std::string& next(const std::vector<std::string>& addresses);
  /// The address last returned by next() has answered.
  void answered();
  const std::string& current() const { return current_; }

 private:
  std::string current_;
  std::string answered_;  // the last address that answered; empty: none yet
  std::string tried_;     // the last one tried while the answered one was silent, or while none had
                          // answered
  bool heard_ = false;    // current_ has answered since it was chosen
};

}  // namespace baton::internal
