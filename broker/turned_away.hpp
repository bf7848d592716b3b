// What happens when the process's descriptors run short.
//
// libzmq accepts every connection to an endpoint or a link. Where no descriptor is left that fails,
// the listener stays readable, and libzmq's thread tries again without a pause. So libzmq is given
// an accept4() of ours: who would take one of the last descriptors is accepted and shown out. Those
// who are connected do not notice; others try again.
#pragma once

#include <cstdint>

namespace baton::internal::broker {

/// Descriptors that no connection gets: for links of sessions that are there, and for files.
inline constexpr std::uint64_t reserved_files = 32;

/// Connections that were shown out so far, in this process. Any thread.
std::uint64_t turned_away();

}  // namespace baton::internal::broker
