// The console: what clients say, in one order, and the printers that get it.
#pragma once

#include <vector>

#include "broker/console.hpp"
#include "broker/effects.hpp"
#include "broker/role.hpp"
#include "broker/sessions.hpp"
#include "broker/settings.hpp"
#include "proto/repeats.hpp"

namespace baton::internal::broker {

/// The printer's role. A full log holds those who say something while a printer reads; else its
/// oldest blocks go.
///
/// Invariant: of each printer's session printed <= sent <= last().
class ConsoleFeed final : public RoleHandler {
 public:
  /// All must outlive it.
  ConsoleFeed(const CoreSettings& settings, Sessions& sessions, Effects& effects)
      : settings_(settings), sessions_(sessions), effects_(effects), log_(settings.console_keep) {}

  /// Unless that block of that client came in before.
  void print(const PrintBlock& printed);
  /// A line of the broker's own.
  void print(std::string_view line) { log_.append({0, 0, line}); }
  std::uint64_t print_window() const { return held_ ? 0 : print_window_bytes; }
  Held print_held() const { return held_ ? Held::console : Held::nothing; }

  void begin(Session& printer, Time now) override;
  void heartbeat(Session& printer, const Heartbeat& heartbeat, Time now) override;
  void end(Session& printer, const std::string& why, Time now) override;
  /// Up to console_window_bytes beyond what it has printed.
  void send_next(Session& printer, Time now) override;
  void fill(Confirm& confirm, const Session& printer) const override;
  void check_invariants(const Session& printer) const override;

  /// At the end of a turn. Whether print_window() has changed.
  bool make_room(Time now);

  const std::vector<Session*>& printers() const { return printers_; }
  /// Whether a printer which is gone has printed all there is.
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
  SeqNo printed_;  // the last block that some printer which is gone has printed
  Time
      expected_until_{};  // by then the one that went should have printed something, or another one
  bool dropped_ = false;
  bool held_ = false;  // the log is full: those who say something have no window
};

}  // namespace baton::internal::broker
