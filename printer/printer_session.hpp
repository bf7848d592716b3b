// A printer's side of the protocol: console blocks in the order of their numbers, each once. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "client/client_session.hpp"
#include "client/inbox.hpp"
#include "client/logic.hpp"
#include "proto/repeats.hpp"

namespace baton::internal {

/// A block to print. Numbers belong to one broker's console log: `log` tells the logs apart.
struct ConsoleBlock {
  std::string_view text;
  SeqNo number;  ///< of its last part
  std::uint64_t log = 0;
  std::uint64_t missing = 0;  ///< so many numbers before it are gone
  /// So many before it were printed already, for a broker before this one.
  std::uint64_t passed = 0;
};

/// Invariants:
/// 1. Blocks are taken in the order of their numbers, each at most once, over any number of
/// sessions.
/// 2. printed <= taken <= received of the present log.
/// 3. Of each client no block is taken that is not above all that were, over any number of brokers.
class PrinterSession final : public ClientLogic {
 public:
  explicit PrinterSession(SessionConfig config);

  void start(Time now) override;
  void on_notification(std::string_view frame, Time now) override;
  void tick(Time now, Outbox& out) override;
  Time next_deadline() const override;
  bool take_change() override;

  /// Takes the next block; false when there is none: what waited may all have been printed before.
  /// Its text is valid until the next call of a method.
  bool next(ConsoleBlock& block);
  /// That block, and all before it, are printed: the broker may forget them.
  void printed(const ConsoleBlock& block);
  std::size_t waiting() const { return inbox_.size(); }

  /// Whether the system is shutting down and the last block was printed.
  bool finished() const;
  void close(Time now);
  const ClientSession& session() const { return session_; }

  void check_invariants() const;

 private:
  void on_welcomed();
  void on_feed(const ClientSession::Notification& notification);
  void begin_log(const Inbox::Taken& taken);
  void pass_over();
  void miss(std::uint64_t numbers);
  bool is_whole(PrintBlock& printed);

  ClientSession session_;
  Inbox inbox_{EntryKind::line};  // tag: the log
  std::uint64_t log_ = 0;         // counts the brokers that we have printed for
  SeqNo received_;                // of this log; `dropped` ones count
  SeqNo printed_;
  SeqNo taken_;  // of the log below
  std::uint64_t taken_log_ = 0;
  SeqNo given_;                             // of the same log: the last block that next() gave
  std::uint64_t missing_ = 0, passed_ = 0;  // behind it
  std::string parts_;  // of the block that is being taken, or was taken last, if it has several
  std::uint64_t parts_taken_ = 0;  // so many
  bool whole_ = true;              // the last one, too
  struct Passed {
    SeqNo behind, last;  // once `behind` is printed, all up to `last` is
  };
  std::deque<Passed> passed_over_;  // of the present log
  Repeats repeats_;
  bool changed_ = false;
};

}  // namespace baton::internal
