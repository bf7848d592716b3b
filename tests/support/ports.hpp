// Free ports, as the system tells, and connections of the test's own, which it breaks.
#pragma once

#include <cstddef>
#include <string>

namespace baton::internal::e2e {

/// "A-B", a range of so many ports of loopback() that were all free just now.
std::string free_range(unsigned count);

/// Shuts down all TCP connections of this process to `port` of whatever host; returns how many.
std::size_t cut_connections_to(unsigned port);

}  // namespace baton::internal::e2e
