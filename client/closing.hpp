// The end of a client's session, from close() on: what it waits for, and how long.
#pragma once

#include <algorithm>
#include <optional>

#include "proto/deadline.hpp"
#include "proto/ids.hpp"

namespace baton::internal {

class Closing {
 public:
  /// `owes`: the broker must still learn something.
  void begin(SeqNo last_put, Time now, bool owes) {
    last_put_ = last_put;
    since_ = now;
    owes_ = owes;
  }
  bool is_begun() const { return last_put_.has_value(); }
  SeqNo last_put() const { return last_put_.value_or(SeqNo{}); }

  /// A new session was welcomed, and must be told.
  void welcomed() { said_ = false; }
  bool is_to_be_said() const { return is_begun() && !said_; }
  void said() { said_ = true; }
  bool was_said() const { return said_; }

  /// The broker makes progress: worth waiting for.
  void note_work(Time now) { at_work_ = now; }
  /// The process paused for that long until now: that does not count.
  void excuse(Duration pause, Time now) {
    for (auto* time : {&since_, &at_work_})
      if (*time != Time::min() && *time != never) *time = std::min(*time + pause, now);
  }
  /// When to give up: `within` after the last progress, at the latest `longest` after close().
  Time give_up_at(Duration within, Duration longest) const {
    return std::min(since_ + longest, deadline_after(std::max(since_, at_work_), within));
  }
  /// Whether not to wait for a broker that does not answer.
  bool owes_nothing() const { return is_begun() && !owes_; }
  Time since() const { return since_; }

 private:
  std::optional<SeqNo> last_put_;  // once it is begun
  bool said_ = false;              // in this session's control stream
  bool owes_ = false;
  Time since_ = never;
  Time at_work_ = Time::min();
};

}  // namespace baton::internal
