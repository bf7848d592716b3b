// The consumer's end of its delivery link: which connection it is, what came on it, and the
// requests that stand. Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "consumer/cancellations.hpp"
#include "proto/message.hpp"
#include "proto/stream.hpp"

namespace baton::internal {

/// Invariants:
/// 1. answered <= requested; the requests that are unanswered are requested - answered, some of
/// them taken back.
/// 2. In state lost, requested and answered are those of the next generation, of which nothing is
/// taken back.
class DeliveryLink {
 public:
  enum class State : std::uint8_t {
    none,        ///< the broker has not named one yet
    connecting,  ///< its connection is being made
    up,          ///< items may be asked for
    lost,        ///< given up; the broker will name the next generation
  };

  State state() const { return state_; }
  bool up() const { return state_ == State::up; }
  std::uint32_t generation() const { return generation_; }
  SeqNo received() const { return received_.received(); }

  /// The broker names a link. Returns whether it is to be connected to.
  bool offered(std::uint32_t generation, std::uint16_t port, Time now);
  void connected() { state_ = State::up, failures_ = 0; }
  /// The connection broke off while it was being made: refused, perhaps. Returns whether to give
  /// the link up at once; else that is to wait for connect_deadline(), so that ports that are
  /// closed are not asked for without a pause.
  bool broke_off(Time now);

  /// The port that cannot be reached, from unreachable_at() on: the first of those of a row of
  /// links that did not come to stand.
  std::optional<std::uint16_t> unreachable(Time now) const;
  /// `never` where nothing has gone wrong, or told() was called.
  Time unreachable_at() const;
  void told() { told_ = true; }

  /// A message of `count` answers, the first of which has number `first`. gap: the link is lost.
  StreamReceiver::Taken take(SeqNo first, std::uint32_t count) {
    return received_.take(first, count);
  }
  void delivery() { answer(false); }  ///< one request was answered by an item
  void none() { answer(true); }       ///< ... by the news that it was cancelled

  /// Requests that stand, not counting those taken back: the broker has as many, or fewer when
  /// answers are on their way.
  std::uint64_t outstanding() const { return requested_ - answered_ - cancellations_.most(); }
  /// Asks for `count` more. Returns all that were asked for.
  std::uint64_t request(std::uint64_t count) { return requested_ += count; }
  void cancel_requests(std::uint32_t count) { cancellations_.add(requested_, count, answered_); }
  /// Whether there are answers to come to requests that were taken back.
  const Cancellations& cancellations() const { return cancellations_; }

  /// What came up to this number was returned to the user, all of it. Of a lost link nothing can be
  /// told any more.
  void begin(SeqNo number) {
    silences_ = 0;
    if (state_ != State::lost) begun_ = number;
  }
  /// The broker is told so, with what is asked for, of which gets that block wait for some.
  Request tell(std::uint32_t blocked) {
    begun_told_ = begun_;
    const auto waiting = std::min(requested_, answered_ + blocked);
    return {waiting, requested_ - waiting, begun_, blocked};
  }
  bool owes_begun() const { return up() && begun_ != begun_told_; }

  /// What the broker says it has sent, the news of which arrives. Returns whether nothing came on
  /// the link for session_timeout, though there is more; after each link in a row that is lost for
  /// that, for twice as long, twice at most: where many share a slow link a message may take long,
  /// and it would begin again for ever.
  bool missing(SeqNo sent, Time now);
  /// When the connection should stand: `never` unless it is being made.
  Time connect_deadline() const { return state_ == State::connecting ? connect_deadline_ : never; }

  /// Gives the link up: on the next one `wanted` requests stand. Requires connecting or up.
  LinkLost lose(std::uint32_t wanted);
  /// A new session has no link yet.
  void reset();

  void check_invariants() const;

 private:
  void answer(bool none);

  State state_ = State::none;
  std::uint32_t generation_ = 0;
  StreamReceiver received_;
  SeqNo begun_, begun_told_;
  std::uint64_t requested_ = 0, answered_ = 0;
  Cancellations cancellations_;
  std::uint32_t failures_ = 0;  // connections in a row that did not come to stand
  Time connect_deadline_ = never;
  std::uint16_t first_port_ = 0;  // of the links that failed in a row, and when it was offered
  Time tried_since_ = never;
  bool told_ = false;
  std::uint32_t silences_ = 0;   // links in a row on which nothing came, and no item whole before
  std::optional<SeqNo> behind_;  // what had come in when the broker first was ahead
  Time behind_since_ = Time::min();
};

}  // namespace baton::internal
