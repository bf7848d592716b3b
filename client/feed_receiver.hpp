// The feed, the broker's stream to a client (outcomes, losses, console lines), and when to request
// it again.
#pragma once

#include <algorithm>
#include <utility>

#include "proto/deadline.hpp"
#include "proto/limits.hpp"
#include "proto/stream.hpp"

namespace baton::internal {

class FeedReceiver {
 public:
  /// A session's stream begins with this number.
  void begin(SeqNo first) {
    in_ = StreamReceiver(first);
    rewind_ = false;
    came();
  }
  /// Everything up to that number was received in an earlier session: repetitions are skipped.
  void skip(SeqNo number) {
    if (number > in_.received()) in_ = StreamReceiver(number + 1);
  }

  StreamReceiver::Taken take(SeqNo first, std::uint32_t count) {
    const auto taken = in_.take(first, count);
    if (taken.verdict == StreamReceiver::Verdict::fresh) came();
    return taken;
  }
  SeqNo received() const { return in_.received(); }
  /// Whether something is missing, given that everything up to `sent` was sent.
  bool lacks(SeqNo sent) const { return in_.has_gap() || sent > in_.received(); }

  /// Something is missing. Returns whether to tell the broker now: for the same gap again after
  /// resend_after, then after twice as long, ..., up to longest_resend_delay.
  bool request_rewind(Time now) {
    if (now < again_) return false;
    again_ = now + delay_;
    delay_ = std::min(2 * delay_, longest_resend_delay);
    return rewind_ = true;
  }
  /// Whether the next heartbeat requests a rewind.
  bool take_rewind() { return std::exchange(rewind_, false); }

 private:
  void came() {
    again_ = Time::min();
    delay_ = resend_after;
  }

  StreamReceiver in_;
  Time again_ = Time::min();
  Duration delay_ = resend_after;
  bool rewind_ = false;
};

}  // namespace baton::internal
