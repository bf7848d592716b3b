// The addresses of a host name.
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

/// Asks the system, by its rules (nsswitch, hosts, DNS). May block as long as that does: half a
/// minute if a name server does not answer. (libzmq can resolve names, too, but uses only the first
/// IPv6 address it sees: "localhost" then misses a broker on 127.0.0.1.)
Resolved resolve(const std::string& host);

/// Whether `host` is an address, so that resolve() does not block.
bool is_address(const std::string& host);

/// The same without blocking. getaddrinfo() cannot be cancelled, so it runs on a thread of its own,
/// which may outlive this object and ends when it has its answer.
class Resolver {
 public:
  using Lookup = std::function<Resolved(const std::string&)>;

  explicit Resolver(std::string host, Lookup lookup = resolve);

  /// Looks the name up again, unless a lookup is running.
  void begin();
  bool busy() const { return task_.busy(); }
  /// Readable when take() has a result; for an address at once.
  int fd() const { return task_.fd(); }
  std::optional<Resolved> take() { return task_.take(); }
  const std::string& host() const { return host_; }

 private:
  const std::string host_;
  const Lookup lookup_;
  Background<Resolved> task_;
};

}  // namespace baton::internal
