// The rule of doubt: after a pause of its own a client does not know whether its session still
// exists, until the broker has confirmed something sent after the pause (PROTOCOL.md, 20).
#pragma once

#include <optional>

#include "proto/ids.hpp"

namespace baton::internal {

class Doubt {
 public:
  /// `anew`: the proof must be requested after this pause.
  void begin(bool anew) {
    if (!there_ || anew) proof_.reset();
    there_ = true;
  }
  /// The doubt ends when control entry `number`, appended after it began, is confirmed.
  void prove_by(SeqNo number) { proof_ = number; }
  void confirmed(SeqNo number) {
    if (there_ && proof_ && number >= *proof_) there_ = false;
  }
  void end() {
    there_ = false;
    proof_.reset();
  }

  bool is_there() const { return there_; }
  bool needs_proof() const { return there_ && !proof_; }

 private:
  bool there_ = false;
  std::optional<SeqNo> proof_;
};

}  // namespace baton::internal
