// What is remembered of a named producer's input: digests where its put messages ended, at doubling
// distances behind the last one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/checkpoint.hpp"
#include "proto/ids.hpp"
#include "proto/limits.hpp"

namespace baton::internal::broker {

/// Invariants:
/// 1. Items rise. The first one and the last one that were noted stay.
/// 2. There are max_checkpoints at most; up to a milliard items, of any two that follow one another
/// the older one is at
///    most four times as far behind the last as the younger, as far as messages ended there.
class Checkpoints {
 public:
  /// The input is at that place now.
  void note(const InputPlace& place);
  const std::vector<Checkpoint>& all() const { return all_; }
  /// The next of those that all() gave another process.
  void restore(const Checkpoint& one) { all_.push_back(one); }

 private:
  void thin();

  std::vector<Checkpoint> all_;
};

/// As bytes, for the storage: the process that was welcomed last, the checkpoints, and above which
/// number its own puts are.
std::string to_bytes(const SessionId& run, const Checkpoints& checkpoints, SeqNo began);
/// The reverse; what is no such bytes gives none. Earlier versions wrote no `began`.
void from_bytes(std::string_view bytes, SessionId& run, Checkpoints& checkpoints, SeqNo& began);

}  // namespace baton::internal::broker
