// How far an input was put, and what it was up to there: so that a producer that is run again goes
// on by content.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace baton::internal {

using Digest = std::array<std::uint8_t, 16>;

/// An input's first `items` items, one after the other, have this digest.
struct Checkpoint {
  std::uint64_t items = 0;
  Digest digest{};

  bool operator==(const Checkpoint&) const = default;
};
inline constexpr std::size_t checkpoint_size = 24;  ///< on the wire and on disk: items u64, digest

/// Where a producer is in its input, with what it puts.
struct InputPlace {
  Checkpoint at;
  bool anew = false;  ///< what is remembered of the name's earlier inputs is void from here on

  bool operator==(const InputPlace&) const = default;
};

}  // namespace baton::internal
