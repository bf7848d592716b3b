// Cancelled requests of a consumer, and the answers still expected for them. Pure.
#pragma once

#include <cstdint>
#include <deque>

namespace baton::internal {

/// The broker first serves requests that it can, then answers `empty` to as many unanswered
/// requests as a cancellation names, or to all that are left, since some may have been answered
/// while the cancellation was on its way. Both streams keep their order, so the client can tell: a
/// cancellation is over with its last `empty`, or when all requests made before it are answered. It
/// never ends after a later one.
///
/// Invariant: most() <= requested - answered.
class Cancellations {
 public:
  /// Numbers cancellations, from 1: those up to a ticket are over once over(ticket).
  using Ticket = std::uint64_t;

  /// `count` requests are cancelled; so far `requested` were made and `answered` answered. count <=
  /// requested - answered - most().
  void add(std::uint64_t requested, std::uint64_t count, std::uint64_t answered) {
    open_.push_back({requested, count});
    ++sent_;
    look(answered);
  }
  /// A request was answered; `answered` in total. `none`: by `empty`, not by an item.
  void answer(std::uint64_t answered, bool none) {
    if (open_.empty()) return;
    if (none) --open_.front().left;
    look(answered);
  }
  /// The link is lost: it brings no more answers.
  void forget() {
    open_.clear();
    most_ = 0;
  }

  /// The last cancellation.
  Ticket sent() const { return sent_; }
  bool over(Ticket ticket) const { return ticket + open_.size() <= sent_; }
  /// At most this many unanswered requests are answered by `empty`; fewer if items are on their
  /// way.
  std::uint64_t most() const { return most_; }

 private:
  struct Cancellation {
    std::uint64_t requested;  ///< in total, when cancelled
    std::uint64_t left;       ///< of its count, not answered by `empty` yet
  };

  void look(std::uint64_t answered) {
    while (!open_.empty() && (open_.front().left == 0 || open_.front().requested <= answered))
      open_.pop_front();
    most_ = 0;
    for (const auto& one : open_)
      most_ +=
          one.left < one.requested - answered - most_ ? one.left : one.requested - answered - most_;
  }

  std::deque<Cancellation> open_;  // the oldest first
  Ticket sent_ = 0;
  std::uint64_t most_ = 0;
};

}  // namespace baton::internal
