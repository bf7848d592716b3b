// The version of the programs. That of the wire is protocol_version (limits.hpp).
#pragma once

namespace baton::internal {

inline constexpr const char* version = "0.1.0";

}  // namespace baton::internal
