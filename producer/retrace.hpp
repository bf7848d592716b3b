// Lets a named producer continue by content when it is run again: its input is read from the
// beginning, and what an earlier process of the name has put of it is left out, as far as it is the
// same. Pure.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "proto/checkpoint.hpp"
#include "proto/input_chain.hpp"

namespace baton::internal {

/// Invariants:
/// 1. An item counts as put before only up to the last checkpoint, and no item is fresh before all
///    checkpoints were matched.
/// 2. Once the input differs from a checkpoint, it does so for good.
class Retrace {
 public:
  /// `before` is what earlier processes of the name have put, item numbers rising; empty: nothing,
  /// or it is to be ignored.
  Retrace(std::string_view queue, std::vector<Checkpoint> before)
      : chain_(queue), before_(std::move(before)) {}

  enum class Verdict : std::uint8_t {
    in,       ///< it was put before, or an error will be found before anything is put
    fresh,    ///< to be put
    differs,  ///< the input differs from what was put: see same()
  };
  /// Moves to the input's next item.
  Verdict next(std::string_view body);

  /// How many of its items were put before.
  std::uint64_t already_put() const { return before_.empty() ? 0 : before_.back().items; }
  /// How many of them are certainly the same.
  std::uint64_t same() const { return met_ == 0 ? 0 : before_[met_ - 1].items; }
  /// Whether the input may end here: everything put before was in it.
  bool complete() const { return met_ == before_.size(); }
  /// Where the input is now, with the number of its items so far.
  const Checkpoint& at() const { return chain_.at(); }

 private:
  InputChain chain_;
  std::vector<Checkpoint> before_;
  std::size_t met_ = 0;  // how many of them matched
  bool differs_ = false;
};

}  // namespace baton::internal
