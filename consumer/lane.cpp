#include "consumer/lane.hpp"

#include <algorithm>
#include <cassert>

#include "proto/ensure.hpp"

namespace baton {
namespace {

constexpr Duration connect_within = 1s;  ///< doubled after each failure in a row, three times at most
constexpr Duration arrive_within = 1s;

}  // namespace

bool Lane::offered(std::uint32_t generation, std::uint16_t port, Time now) {
  if (generation <= generation_ || port == 0) return false;
  if (state_ != State::lost) asked_ = answered_ = withdrawn_ = 0;  // the broker gave the old one up by itself
  generation_ = generation;
  state_ = State::connecting;
  received_ = StreamReceiver{};
  connect_deadline_ = now + connect_within * (1 << std::min(failures_, 3u));
  behind_.reset();
  return true;
}

void Lane::answer() {
  if (answered_ < asked_) ++answered_;
  withdrawn_ = std::min(withdrawn_, asked_ - answered_);
}

void Lane::none() {
  if (withdrawn_ > 0) --withdrawn_;
  answer();
}

bool Lane::missing(Number sent, Time now) {
  if (!up() || sent <= received()) {
    behind_.reset();
    return false;
  }
  if (behind_ != received()) {
    behind_ = received();
    behind_since_ = now;
  }
  return now >= behind_since_ + arrive_within;
}

LaneLost Lane::lose(std::uint32_t wanted) {
  assert(state_ == State::connecting || state_ == State::up);
  if (state_ == State::connecting) ++failures_;
  state_ = State::lost;
  asked_ = wanted;
  answered_ = withdrawn_ = 0;
  return {generation_, received(), wanted};
}

void Lane::check_invariants() const {
  ensure(answered_ <= asked_);
  ensure(withdrawn_ <= asked_ - answered_);
  ensure((state_ == State::none) == (generation_ == 0));
}

}  // namespace baton
