#include "consumer/delivery_link.hpp"

#include <algorithm>
#include <cassert>

#include "proto/ensure.hpp"

namespace baton::internal {
namespace {

constexpr Duration connect_within = 2s;  ///< doubled after each failure in a row, twice at most
/// After a refused connection; doubled after each failure in a row, five times at most.
constexpr Duration again_after = 250ms;
constexpr Duration tell_after = 2s;

}  // namespace

bool DeliveryLink::offered(std::uint32_t generation, std::uint16_t port, Time now) {
  if (generation <= generation_ || port == 0) return false;
  if (state_ != State::lost)
    requested_ = answered_ = 0;  // the broker closed the old link by itself
  cancellations_.forget();
  generation_ = generation;
  state_ = State::connecting;
  received_ = StreamReceiver{};
  begun_ = begun_told_ = {};
  connect_deadline_ = now + connect_within * (1 << std::min(failures_, 2u));
  behind_.reset();
  if (failures_ > 0) return true;
  first_port_ = port;
  tried_since_ = now;
  told_ = false;
  return true;
}

bool DeliveryLink::broke_off(Time now) {
  if (failures_ == 0 || state_ != State::connecting) return true;
  connect_deadline_ =
      std::min(connect_deadline_, now + again_after * (1 << std::min(failures_ - 1, 5u)));
  return false;
}

Time DeliveryLink::unreachable_at() const {
  return failures_ > 0 && !told_ ? tried_since_ + tell_after : never;
}

std::optional<std::uint16_t> DeliveryLink::unreachable(Time now) const {
  if (failures_ == 0 || now < tried_since_ + tell_after) return std::nullopt;
  return first_port_;
}

void DeliveryLink::answer(bool none) {
  if (answered_ < requested_) ++answered_;
  cancellations_.answer(answered_, none);
}

void DeliveryLink::reset() {
  auto cancellations = cancellations_;  // waiting calls have tickets for them
  cancellations.forget();
  *this = DeliveryLink{};
  cancellations_ = cancellations;
}

bool DeliveryLink::missing(SeqNo sent, Time now) {
  if (!up() || sent <= received()) {
    behind_.reset();
    return false;
  }
  if (behind_ != received()) {
    behind_ = received();
    behind_since_ = now;
  }
  if (now < behind_since_ + session_timeout * (1 << std::min(silences_, 2u))) return false;
  ++silences_;
  return true;
}

LinkLost DeliveryLink::lose(std::uint32_t wanted) {
  assert(state_ == State::connecting || state_ == State::up);
  if (state_ == State::connecting) ++failures_;
  state_ = State::lost;
  requested_ = wanted;
  answered_ = 0;
  begun_ = begun_told_ = {};  // the next generation counts from 1
  cancellations_.forget();
  return {generation_, received(), wanted};
}

void DeliveryLink::check_invariants() const {
  ensure(answered_ <= requested_);
  ensure(cancellations_.most() <= requested_ - answered_);
  ensure((state_ == State::none) == (generation_ == 0));
}

}  // namespace baton::internal
