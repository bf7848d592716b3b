// The console: what clients print, in one order, and the printers that receive it.
#pragma once

#include <vector>

#include "broker/console.hpp"
#include "broker/effects.hpp"
#include "broker/role.hpp"
#include "broker/sessions.hpp"
#include "broker/settings.hpp"
#include "proto/repeats.hpp"

namespace baton::internal::broker {

/// The printer's role. When the log is full, clients that print are held back while a printer
/// reads; otherwise the oldest blocks are dropped.
///
/// Invariant: for each printer session printed <= sent <= last().
class ConsoleFeed final : public RoleHandler {
 public:
  /// All must outlive it.
  ConsoleFeed(const CoreSettings& settings, Sessions& sessions, Effects& effects)
      : settings_(settings), sessions_(sessions), effects_(effects), log_(settings.console_keep) {}

  /// Ignores a block that came in before.
  void print(const PrintBlock& printed);
  /// A line of the broker itself.
  void print(std::string_view line) { log_.append({0, 0, line}); }
  std::uint64_t print_window() const { return held_ ? 0 : print_window_bytes; }
  Held print_held() const { return held_ ? Held::console : Held::nothing; }

  void begin(Session& printer, Time now) override;
  void heartbeat(Session& printer, const Heartbeat& heartbeat, Time now) override;
  void end(Session& printer, const std::string& why, Time now) override;
  /// Sends up to console_window_bytes beyond what the printer has printed.
  void send_next(Session& printer, Time now) override;
  void fill(Confirm& confirm, const Session& printer) const override;
  void check_invariants(const Session& printer) const override;

  /// At the end of a turn. Returns whether print_window() has changed.
  bool make_room(Time now);

  const std::vector<Session*>& printers() const { return printers_; }
  /// Whether a printer that has gone had printed everything.
  bool is_printed() const { return printed_ >= log_.last(); }

 private:
  SeqNo printed_by_all(Time now) const;
  SeqNo printed_by_gone() const;

  const CoreSettings& settings_;
  Sessions& sessions_;
  Effects& effects_;
  ConsoleLog log_;
  Repeats printed_before_;
  std::vector<Session*> printers_;
  SeqNo printed_;  // the last block printed by a printer that has gone
  // By then the lost printer, or another one, should have printed something.
  Time expected_until_{};
  bool dropped_ = false;
  bool held_ = false;  // the log is full: clients get no print window
};

}  // namespace baton::internal::broker
