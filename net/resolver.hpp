// The addresses of a host's name.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "os/background.hpp"

namespace baton::internal {

struct Resolved {
  std::vector<std::string> addresses;  ///< numeric, IPv4 first, in the resolver's order otherwise
  std::string error;                   ///< why there are none, in the system's words
};

/// Asks the system, by its own rules (nsswitch, hosts, DNS): may block as long as that does, with a
/// name server that does not answer for half a minute. (libzmq resolves by itself, too, but takes
/// the first IPv6 address it sees and no other: "localhost" then misses a broker on 127.0.0.1.)
Resolved resolve(const std::string& host);

/// Whether it is an address itself, so that resolve() does not block.
bool is_address(const std::string& host);

/// The same without blocking. getaddrinfo() cannot be ended early, so it has a thread of its own,
/// which may outlive this object and ends when it has its answer.
class Resolver {
 public:
  using Lookup = std::function<Resolved(const std::string&)>;

  explicit Resolver(std::string host, Lookup lookup = resolve);

  /// Looks the name up again, unless that is under way.
  void begin();
  bool busy() const { return task_.busy(); }
  /// Readable when take() has what came of it; an address is there at once.
  int fd() const { return task_.fd(); }
  std::optional<Resolved> take() { return task_.take(); }
  const std::string& host() const { return host_; }

 private:
  const std::string host_;
  const Lookup lookup_;
  Background<Resolved> task_;
};

}  // namespace baton::internal
