// The end of the whole system: like the tutorial's parent process, which waits for its children and
// reports.
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

/// Begins when the work is done, if settings.exit_when_done is set, or by begin(). Producers and
/// consumers are told to leave; when they are gone, the printers get the last line; then
/// Effects::finished is set. Clients that take too long are not waited for. Pure, like the core.
class SystemEnd {
 public:
  /// All must outlive it.
  SystemEnd(const CoreSettings& settings, ConsoleFeed& console, Effects& effects)
      : settings_(settings), console_(console), effects_(effects) {}

  void producer_came(const std::string& name);
  void consumer_came() { ++consumers_seen_; }

  /// Whether note_work() must be called each turn: the expected producers have come.
  bool waits_for_work() const;
  /// `done`: the producers have gone, and all their items are settled.
  void note_work(bool done, Time now);
  /// Returns false if it had begun already.
  bool begin(Time now);
  bool has_begun() const { return stage_ != Stage::not_yet; }

  bool may_leave(Role role) const {
    return stage_ >= (role == Role::printer ? Stage::printing : Stage::leaving);
  }
  /// Whether the last line was printed: nothing more may be.
  bool is_silent() const { return stage_ >= Stage::printing; }

  /// At the end of a turn. `others`: there are sessions besides printers. `dead`: total of dead
  /// items. Returns whether may_leave() has changed.
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
  bool entered_ = false;     // a new stage, not yet reported by go_on()
  Time since_{};             // of the current stage
  Time done_since_ = never;  // when all work was first seen done
  std::set<std::string> producers_seen_;
  std::uint32_t consumers_seen_ = 0;
};

}  // namespace baton::internal::broker
