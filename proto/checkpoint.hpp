// How far an input was put, and its digest up to there, so that a producer that is run again can
// continue by content.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace baton::internal {

using Digest = std::array<std::uint8_t, 16>;

/// The digest of an input's first `items` items, in order.
struct Checkpoint {
  std::uint64_t items = 0;
  Digest digest{};

  bool operator==(const Checkpoint&) const = default;
};
inline constexpr std::size_t checkpoint_size = 24;  ///< on the wire and on disk: items u64, digest

/// Where a producer is in its input, sent along with its items.
struct InputPlace {
  Checkpoint at;
  bool is_start = false;  ///< forget what is remembered of earlier inputs of the name

  bool operator==(const InputPlace&) const = default;
};

}  // namespace baton::internal
