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

/// A block to print. Numbers belong to one broker's console log: `log` distinguishes the logs.
struct ConsoleBlock {
  std::string_view text;
  SeqNo number;  ///< of its last part
  std::uint64_t log = 0;
  std::uint64_t missing = 0;  ///< how many numbers before it are missing
  /// How many before it were skipped, since they were printed for an earlier broker.
  std::uint64_t passed = 0;
};

/// Invariants:
/// 1. Blocks are taken in the order of their numbers, each at most once, over any number of
///    sessions.
/// 2. printed <= taken <= received in the current log.
/// 3. Of each client the blocks taken have rising numbers, over any number of brokers.
class PrinterSession final : public ClientLogic {
 public:
  explicit PrinterSession(SessionConfig config);

  void start(Time now) override;
  void on_notification(std::string_view frame, Time now) override;
  void tick(Time now, Outbox& out) override;
  Time next_deadline() const override;
  bool take_change() override;

  /// Takes the next block. Returns false if there is none: all waiting ones may have been printed
  /// before. Its text is valid until the next call.
  bool next(ConsoleBlock& block);
  /// That block and all before it are printed: the broker may forget them.
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
  std::uint64_t log_ = 0;         // counts the brokers printed for
  SeqNo received_;                // in this log, including dropped ones
  SeqNo printed_;
  SeqNo taken_;  // in the log below
  std::uint64_t taken_log_ = 0;
  SeqNo given_;                             // in the same log: the last block returned by next()
  std::uint64_t missing_ = 0, passed_ = 0;  // after it
  std::string parts_;              // of the current block, or the last one, if it has several
  std::uint64_t parts_taken_ = 0;  // how many of them
  bool whole_ = true;              // including the last part
  struct Passed {
    SeqNo behind, last;  // once `behind` is printed, so is everything up to `last`
  };
  std::deque<Passed> passed_over_;  // in the current log
  Repeats repeats_;
  bool changed_ = false;
};

}  // namespace baton::internal
