#include "broker/system_end.hpp"

#include <utility>

namespace baton::internal::broker {

void SystemEnd::producer_came(const std::string& name) {
  if (settings_.end.exit_when_done && producers_seen_.size() < settings_.end.producers)
    producers_seen_.insert(name);
}

bool SystemEnd::waits_for_work() const {
  return stage_ == Stage::not_yet && settings_.end.exit_when_done &&
         producers_seen_.size() >= settings_.end.producers;
}

void SystemEnd::note_work(bool done, Time now) {
  if (!done)
    done_since_ = never;
  else if (done_since_ == never)
    done_since_ = now;
  if (done &&
      (consumers_seen_ >= settings_.end.consumers || now >= done_since_ + settings_.end.not_coming))
    begin(now);
}

bool SystemEnd::begin(Time now) {
  if (has_begun()) return false;
  enter(Stage::leaving, now);
  return true;
}

void SystemEnd::enter(Stage stage, Time now) {
  stage_ = stage;
  since_ = now;
  entered_ = true;
}

bool SystemEnd::go_on(bool others, std::uint64_t dead, Time now) {
  if (stage_ == Stage::leaving) {
    const bool late = now >= since_ + settings_.end.leave_within;
    if (late) effects_.log.push_back("some clients did not leave in time");
    if (late || !others) {
      if (settings_.end.exit_when_done) console_.print("Parent process exiting...\n");
      enter(Stage::printing, now);
    }
  }
  if (stage_ == Stage::printing) finish(now >= since_ + settings_.end.print_within, dead);
  return std::exchange(entered_, false);
}

/// When the printers have printed everything and left.
void SystemEnd::finish(bool late, std::uint64_t dead) {
  const bool printed = console_.is_printed() || !settings_.end.exit_when_done;
  if (!late && (!console_.printers().empty() || !printed)) return;  // the others had their time
  if (late)
    effects_.log.push_back(printed ? "a printer did not leave in time"
                                   : "no printer took the last lines");
  stage_ = Stage::over;
  effects_.finished = true;
  effects_.exit_code = dead > 0 ? 3 : 0;
}

Time SystemEnd::next_deadline() const {
  switch (stage_) {
    case Stage::not_yet:
      return done_since_ == never ? never : done_since_ + settings_.end.not_coming;
    case Stage::leaving:
      return since_ + settings_.end.leave_within;
    case Stage::printing:
      return since_ + settings_.end.print_within;
    case Stage::over:
      return never;
  }
  return never;
}

}  // namespace baton::internal::broker
