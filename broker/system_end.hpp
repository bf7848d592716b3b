// The end of the whole system: the tutorial's parent process, which waits for its children and says
// so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include "broker/console_feed.hpp"
#include "broker/effects.hpp"
#include "broker/settings.hpp"
#include "proto/greeting.hpp"

namespace baton::internal::broker {

/// Begins when the work is done, where settings.exit_when_done asks for that, or by begin().
/// Producers and consumers are told to leave; when they are gone, the printers get the last line;
/// then Effects::finished is set. Who takes too long is not waited for. Pure, as the core.
class SystemEnd {
 public:
  /// All must outlive it.
  SystemEnd(const CoreSettings& settings, ConsoleFeed& console, Effects& effects)
      : settings_(settings), console_(console), effects_(effects) {}

  void producer_came(const std::string& name);
  void consumer_came() { ++consumers_seen_; }

  /// Whether note_work() is to be called each turn: the producers have come that are expected.
  bool waits_for_work() const;
  /// `done`: the producers have gone, and all they put is settled.
  void note_work(bool done, Time now);
  /// Whether it had not begun.
  bool begin(Time now);
  bool has_begun() const { return stage_ != Stage::not_yet; }

  bool may_leave(Role role) const {
    return stage_ >= (role == Role::printer ? Stage::printing : Stage::leaving);
  }
  /// Whether the last line of all was said.
  bool is_silent() const { return stage_ >= Stage::printing; }

  /// At the end of a turn. `others`: sessions are left that are no printer's. `dead`: items, in
  /// all. Whether may_leave() has changed.
  bool go_on(bool others, std::uint64_t dead, Time now);
  Time next_deadline() const;

 private:
  enum class Stage : std::uint8_t {
    not_yet,
    leaving,   ///< producers and consumers are told to leave
    printing,  ///< they are gone; the printers get the last line
    over,
  };

  void enter(Stage stage, Time now);
  void finish(bool late, std::uint64_t dead);

  const CoreSettings& settings_;
  ConsoleFeed& console_;
  Effects& effects_;
  Stage stage_ = Stage::not_yet;
  bool entered_ = false;     // another stage, since go_on() said so
  Time since_{};             // of the present stage
  Time done_since_ = never;  // when all work was first seen done
  std::set<std::string> producers_seen_;
  std::uint32_t consumers_seen_ = 0;
};

}  // namespace baton::internal::broker
