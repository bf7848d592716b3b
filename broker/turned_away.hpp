// What happens when the process runs short of file descriptors.
//
// libzmq accepts every connection to an endpoint or a link. If no descriptor is left, accept fails,
// the listener stays readable, and libzmq's thread retries without a pause. So libzmq uses our
// accept4(): a connection that would take one of the last descriptors is accepted and closed at
// once. Existing connections are not affected; other clients retry.
#pragma once

#include <cstdint>

namespace baton::internal::broker {

/// Descriptors that no connection gets: they are kept for links of existing sessions, and for
/// files.
inline constexpr std::uint64_t reserved_files = 32;

/// Connections closed this way so far, in this process. Any thread.
std::uint64_t turned_away();

}  // namespace baton::internal::broker
