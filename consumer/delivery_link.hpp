// The consumer's end of its delivery link: its connection, what was received on it, and outstanding
// requests. Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "consumer/cancellations.hpp"
#include "proto/message.hpp"
#include "proto/stream.hpp"

namespace baton::internal {

/// Invariants:
/// 1. answered <= requested; requested - answered requests are unanswered, including cancelled
///    ones.
/// 2. In state lost, requested and answered are those of the next generation, without cancelled
///    requests.
class DeliveryLink {
 public:
  enum class State : std::uint8_t {
    none,        ///< the broker has not offered one yet
    connecting,  ///< its connection is being established
    up,          ///< items may be requested
    lost,        ///< given up; the broker will offer the next generation
  };

  State state() const { return state_; }
  bool up() const { return state_ == State::up; }
  std::uint32_t generation() const { return generation_; }
  SeqNo received() const { return received_.received(); }

  /// The broker offers a link. Returns whether to connect to it.
  bool offered(std::uint32_t generation, std::uint16_t port, Time now);
  void connected() { state_ = State::up, failures_ = 0; }
  /// The connection attempt failed, e.g. was refused. Returns whether to give the link up at once;
  /// otherwise wait until connect_deadline(), so that closed ports are not tried without a pause.
  bool broke_off(Time now);

  /// From unreachable_at() on: the port of the first of several links in a row that could not
  /// connect.
  std::optional<std::uint16_t> unreachable(Time now) const;
  /// `never` if nothing has failed, or after told().
  Time unreachable_at() const;
  void told() { told_ = true; }

  /// A message of `count` answers, starting with number `first`. If it leaves a gap, the link is
  /// lost.
  StreamReceiver::Taken take(SeqNo first, std::uint32_t count) {
    return received_.take(first, count);
  }
  void delivery() { answer(false); }  ///< a request was answered by an item
  void none() { answer(true); }       ///< a request was answered by `empty`: it was cancelled

  /// Outstanding requests without cancelled ones: the broker has as many, or fewer if answers are
  /// on their way.
  std::uint64_t outstanding() const { return requested_ - answered_ - cancellations_.most(); }
  /// Makes `count` more requests. Returns the total.
  std::uint64_t request(std::uint64_t count) { return requested_ += count; }
  void cancel_requests(std::uint32_t count) { cancellations_.add(requested_, count, answered_); }
  /// Answers to cancelled requests that are still to come.
  const Cancellations& cancellations() const { return cancellations_; }

  /// Everything up to this number was returned to the user. Ignored for a lost link, about which
  /// nothing can be reported.
  void begin(SeqNo number) {
    silences_ = 0;
    if (state_ != State::lost) begun_ = number;
  }
  /// A request entry that reports begun items and requests; for `blocked` of them gets are waiting.
  Request tell(std::uint32_t blocked) {
    begun_told_ = begun_;
    const auto waiting = std::min(requested_, answered_ + blocked);
    return {waiting, requested_ - waiting, begun_, blocked};
  }
  bool owes_begun() const { return up() && begun_ != begun_told_; }

  /// The broker reports that it has sent up to `sent`. Returns whether nothing came on the link for
  /// session_timeout although there is more. The time doubles with each link in a row lost this
  /// way, twice at most: on a slow shared link a message may take long, and would otherwise restart
  /// forever.
  bool missing(SeqNo sent, Time now);
  /// Deadline of the connection attempt; `never` if there is none.
  Time connect_deadline() const { return state_ == State::connecting ? connect_deadline_ : never; }

  /// Gives the link up; `wanted` requests move to the next one. Requires connecting or up.
  LinkLost lose(std::uint32_t wanted);
  /// For a new session, which has no link yet.
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
  std::uint32_t failures_ = 0;  // connection attempts in a row that failed
  Time connect_deadline_ = never;
  std::uint16_t first_port_ = 0;  // first of the links in a row that failed / when it was offered
  Time tried_since_ = never;
  bool told_ = false;
  std::uint32_t silences_ = 0;   // links in a row on which nothing came, since the last complete
                                 // item
  std::optional<SeqNo> behind_;  // what had been received when the broker was first ahead
  Time behind_since_ = Time::min();
};

}  // namespace baton::internal
