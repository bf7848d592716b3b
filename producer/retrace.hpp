// A named producer that is run again goes on by content: its input is read from the beginning, and
// what an earlier process of the name has put of it is left out, but only as far as it is the same.
// Pure.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "proto/checkpoint.hpp"
#include "proto/input_chain.hpp"

namespace baton::internal {

/// Invariants:
/// 1. An item is taken for put only up to the last checkpoint, and nothing is fresh before all of
/// them were met.
/// 2. Once the input differed from a checkpoint, it does so for good.
class Retrace {
 public:
  /// `before` is what the name's earlier processes have put, items rising; empty: nothing, or it
  /// does not matter.
  Retrace(std::string_view queue, std::vector<Checkpoint> before)
      : chain_(queue), before_(std::move(before)) {}

  enum class Verdict : std::uint8_t {
    in,       ///< it was put before, or will be known not to have been before anything is put
    fresh,    ///< to be put
    differs,  ///< the input is not what was put: see same()
  };
  /// Goes on to the input's next item.
  Verdict next(std::string_view body);

  /// So many of its items were put before.
  std::uint64_t already_put() const { return before_.empty() ? 0 : before_.back().items; }
  /// So many of them are certainly the same; and whether the item that next() was given last is the
  /// end of those.
  std::uint64_t same() const { return met_ == 0 ? 0 : before_[met_ - 1].items; }
  bool at_checkpoint() const { return same() == chain_.at().items; }
  /// The input may end here: all that was put before was in it.
  bool complete() const { return met_ == before_.size(); }
  /// Where the input is now, and so many items it had so far.
  const Checkpoint& at() const { return chain_.at(); }

 private:
  InputChain chain_;
  std::vector<Checkpoint> before_;
  std::size_t met_ = 0;  // so many of them were the same
  bool differs_ = false;
};

}  // namespace baton::internal
