// What the broker remembers of a named producer's input: digests at the ends of put messages, at
// doubling distances behind the last one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/checkpoint.hpp"
#include "proto/ids.hpp"
#include "proto/limits.hpp"

namespace baton::internal::broker {

/// Invariants:
/// 1. Item numbers rise. The first and the last place noted stay.
/// 2. There are at most max_checkpoints. Up to a billion items, of two neighbours the older is at
///    most four times as far behind the last one as the younger, as far as put messages ended
///    there.
class Checkpoints {
 public:
  /// The input has reached this place.
  void note(const InputPlace& place);
  const std::vector<Checkpoint>& all() const { return all_; }
  /// Restores one element of all(), in order, from an earlier process.
  void restore(const Checkpoint& one) { all_.push_back(one); }

 private:
  void thin();

  std::vector<Checkpoint> all_;
};

/// For the storage, as bytes: the producer process that was welcomed last, the checkpoints, and the
/// number after which its own puts begin.
std::string to_bytes(const SessionId& run, const Checkpoints& checkpoints, SeqNo began);
/// The reverse; invalid bytes give nothing. Earlier versions wrote no `began`.
void from_bytes(std::string_view bytes, SessionId& run, Checkpoints& checkpoints, SeqNo& began);

}  // namespace baton::internal::broker
