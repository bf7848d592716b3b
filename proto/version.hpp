// The version of the programs. The wire's version is protocol_version (limits.hpp).
#pragma once

namespace baton::internal {

inline constexpr const char* product_version = "0.1.0";

}  // namespace baton::internal
