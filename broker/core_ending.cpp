// The end of the whole system: the seed's parent, which waits for its children and says so.
#include <algorithm>

#include "broker/core.hpp"

namespace baton::broker {
namespace {

constexpr Duration byes_apart = 300ms, byes_within = 2s;

}  // namespace

bool Core::may_leave(const Session& session) const {
  return ending_ >= (session.is(Role::printer) ? Ending::printing : Ending::leaving);
}

bool Core::anyone_but_printers() const { return sessions_.size() > printers_.size() + over_.size(); }

void Core::enter(Ending stage, Time now) {
  ending_ = stage;
  ending_since_ = now;
  all_changed();
}

void Core::shut_down(Time now) {
  if (ending_ == Ending::not_yet) enter(Ending::leaving, now);
}

/// Producers have come and gone, and all they put is settled.
bool Core::work_is_done(Time now) {
  const bool done = producers_seen_.size() >= settings_.producers && stock_.all_settled() &&
                    std::none_of(sessions_.begin(), sessions_.end(), [](const auto& entry) {
                      return entry.second->is(Role::producer) && entry.second->state != Session::State::over;
                    });
  if (!done) {
    done_since_ = never;
    return false;
  }
  if (done_since_ == never) done_since_ = now;
  return consumers_seen_ >= settings_.consumers || now >= done_since_ + settings_.not_coming;
}

void Core::stop(Time now) {
  stopping_since_ = now;
  stock_.hand_off_no_more();
}

/// Those who were told to leave along with the broker say bye one after the other, on a busy machine with gaps.
Time Core::read_until() const {
  if (stopping_since_ == never) return never;
  if (sessions_.size() == over_.size()) return stopping_since_;
  return std::min(std::max(stopping_since_, bye_at_) + byes_apart, stopping_since_ + byes_within);
}

bool Core::stopped(Time now) {
  if (!stops_reading(now)) return false;
  if (!last_turn_) last_turn_ = turn_;
  const auto waits = [this](const auto& pending) { return !pending.empty() && pending.front().ticket <= *last_turn_; };
  return !waits(pending_control_) && (!waits(pending_puts_) || !storage_holds_.empty());
}

void Core::check_ending(Time now) {
  if (ending_ == Ending::not_yet && settings_.exit_when_done && work_is_done(now)) enter(Ending::leaving, now);
  if (ending_ == Ending::leaving) {
    const bool late = now >= ending_since_ + settings_.leave_within;
    if (anyone_but_printers() && !late) return;
    if (late) effects_.log.push_back("some clients did not leave in time");
    if (settings_.exit_when_done) console_.append({0, 0, "Parent process exiting...\n"});
    enter(Ending::printing, now);
  }
  if (ending_ == Ending::printing) {
    const bool late = now >= ending_since_ + settings_.print_within;
    const bool printed = printed_ >= console_.last() || !settings_.exit_when_done;
    if (!late && (!printers_.empty() || !printed)) return;  // others had their time
    if (late) effects_.log.push_back(printed ? "a printer did not leave in time" : "no printer took the last lines");
    ending_ = Ending::over;
    effects_.finished = true;
    effects_.exit_code = stock_.dead() > 0 ? 3 : 0;
  }
}

}  // namespace baton::broker
