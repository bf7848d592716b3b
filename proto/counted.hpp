// Counts in texts for people.
#pragma once

#include <cstdint>
#include <string>

namespace baton::internal {

/// "1 item", "2 items".
inline std::string counted(std::uint64_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace baton::internal
