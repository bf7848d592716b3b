// The asks that a consumer took back, and which answers are still to come for them. Pure.
#pragma once

#include <cstdint>
#include <deque>

namespace baton {

/// The broker serves first what it has, then answers `empty` to as many of the unanswered asks as a
/// withdraw names, or to all of them if there are fewer, since some were answered while the
/// withdraw was on its way. Both streams keep their order, so its client can tell: a withdraw is
/// over with its last `empty`, or when all the asks are answered that stood when it was said. It is
/// never behind a later one.
///
/// Invariant: most() <= asked - answered.
class Withdrawals {
 public:
  /// Counts withdraws, from 1: those up to a ticket are over once over(ticket).
  using Ticket = std::uint64_t;

  /// `count` asks are taken back, when `asked` were asked for and `answered` answered. count <=
  /// asked - answered - most().
  void add(std::uint64_t asked, std::uint64_t count, std::uint64_t answered) {
    open_.push_back({asked, count});
    ++said_;
    look(answered);
  }
  /// An ask was answered: `answered` in all by now; `empty`: not by an item.
  void answer(std::uint64_t answered, bool none) {
    if (open_.empty()) return;
    if (none) --open_.front().left;
    look(answered);
  }
  /// The lane is lost: no answer will come on it.
  void forget() {
    open_.clear();
    most_ = 0;
  }

  /// The last withdraw that was said.
  Ticket said() const { return said_; }
  bool over(Ticket ticket) const { return ticket + open_.size() <= said_; }
  /// So many of the unanswered asks are answered by `empty`, or fewer if items are on their way.
  std::uint64_t most() const { return most_; }

 private:
  struct Withdraw {
    std::uint64_t asked;  ///< in all, when it was said
    std::uint64_t left;   ///< of its count: not answered by `empty` yet
  };

  void look(std::uint64_t answered) {
    while (!open_.empty() && (open_.front().left == 0 || open_.front().asked <= answered))
      open_.pop_front();
    most_ = 0;
    for (const auto& one : open_)
      most_ += one.left < one.asked - answered - most_ ? one.left : one.asked - answered - most_;
  }

  std::deque<Withdraw> open_;  // the oldest first
  Ticket said_ = 0;
  std::uint64_t most_ = 0;
};

}  // namespace baton
