#include "broker/core.hpp"

#include <algorithm>
#include <utility>

#include "proto/ensure.hpp"

namespace baton::internal::broker {
namespace {

constexpr Duration closes_apart = 300ms, closes_within = 2s;

}  // namespace

Core::Core(CoreSettings settings, BrokerInstance broker_instance, Storage& storage,
           Effects& effects, Time now)
    : settings_(std::move(settings)),
      storage_(storage),
      effects_(effects),
      sessions_(settings_, broker_instance, effects, *this, now),
      queues_(settings_, storage, effects, sessions_.changed_ones()),
      console_(sessions_.add(Role::printer,
                             std::make_unique<ConsoleFeed>(settings_, sessions_, effects))),
      end_(settings_, console_, effects),
      producers_(sessions_.add(Role::producer, std::make_unique<Producers>(
                                                   settings_, sessions_, queues_, end_, effects))),
      consumers_(sessions_.add(Role::consumer, std::make_unique<Consumers>(
                                                   settings_, sessions_, queues_, end_, effects))),
      due_(now) {
  ensure(sessions_.has_all_roles());
  queues_.load(broker_instance, now);
  queues_.wait_for_reclaims(queues_.previous_broker() != BrokerInstance{});
  plain_.emplace(settings_, queues_, effects_);
}

std::string Core::why_full() const {
  if (sessions_.size() < settings_.max_sessions) return no_delivery_port;
  return std::to_string(settings_.max_sessions) + " at most";
}

void Core::print(const PrintBlock& printed) {
  if (!end_.is_silent()) console_.print(printed);
}

bool Core::comes_back(const Hello& hello) const {
  return queues_.may_reclaim() && hello.previous &&
         hello.previous->broker_instance == queues_.previous_broker();
}

void Core::fill(Confirm& confirm, const Session& session) const {
  confirm.print_window = console_.print_window();
  confirm.print_held = console_.print_held();
  confirm.shutdown = end_.may_leave(session.hello.role);
}

// --- a turn --------------------------------------------------------------------------------------

void Core::end_turn(Time now, bool control_dry) {
  if (now > due_ + longest_pause) {
    sessions_.extend_deadlines(now - due_, now);
    consumers_.extend_deadlines(now - due_);
  }
  if (control_dry || sessions_.is_overdue(now)) sessions_.check_liveness(now);
  consumers_.open_links_again(now);
  queues_.tick(now);
  if (queues_.may_reclaim() && stopping_since_ == never) consumers_.judge_reclaims(now);
  queues_.serving().serve();
  plain_->give_out();
  persist();
  producers_.begin_waiting(now);
  consumers_.bound_untold(now);
  sessions_.end_closed_sessions(now);
  extend_credits();  // includes room from ended sessions, and from a disk that is no longer full
  check_end(now);
  if (console_.make_room(now)) sessions_.all_changed();
  sessions_.heartbeat(now);
  sessions_.tell_changed(now);
  if (sessions_.erase_ended(now)) queues_.producers().forget_lost(now);
  queues_.serving().end_turn();
  if (const auto* failure = storage_.failure())
    effects_.abandon("it ends, and confirms nothing more: " + failure->why);
  due_ = std::max(now, next_deadline());
#ifndef NDEBUG
  check_invariants();
#endif
}

/// Gives the turn to the storage, and confirms what has become durable.
void Core::persist() {
  queues_.producers().save();
  turn_ = storage_.commit();
  sessions_.note_turn(turn_);
  producers_.note_turn(turn_);
  const auto durable = storage_.durable();
  sessions_.became_durable(durable.settles);
  producers_.became_durable(durable.puts);
  queues_.settles_stored(turn_, durable.settles);
  queues_.puts_stored(turn_, durable.puts);
  producers_.hold(durable.held);
  for (auto& warning : storage_.take_warnings()) effects_.log.push_back(std::move(warning));
}

void Core::extend_credits() {
  const auto touched = queues_.take_touched();
  if (stopping_since_ != never) return;  // items put from now on are for the next broker
  producers_.extend_credits(touched);
  queues_.forget_unused(touched);
}

Time Core::next_deadline() const {
  if (sessions_.has_changed() || queues_.has_touched() ||
      (queues_.serving().has_to_serve() && queues_.delivers()))
    return Time{};  // something came up after the last turn
  auto next =
      std::min({sessions_.next_deadline(), consumers_.links_again_at(), queues_.next_deadline()});
  if (stopping_since_ != never)
    next = std::min(next, last_turn_ ? never : read_until());
  else if (queues_.may_reclaim())
    next = std::min(next, consumers_.reclaim_until());
  return std::min(next, end_.next_deadline());
}

// --- the ends: of the whole system, and of this broker alone -------------------------------------

void Core::shut_down(Time now) {
  if (end_.begin(now)) sessions_.all_changed();
}

void Core::check_end(Time now) {
  if (end_.waits_for_work())
    end_.note_work(queues_.all_settled() && !sessions_.any_alive(Role::producer), now);
  const bool others = sessions_.alive() > console_.printers().size();
  if (end_.go_on(others, queues_.dead(), now)) sessions_.all_changed();
}

void Core::stop(Time now) {
  stopping_since_ = now;
  queues_.deliver_no_more();
}

/// Clients that were told to end along with the broker close one after another, with gaps on a busy
/// machine.
Time Core::read_until() const {
  if (stopping_since_ == never) return never;
  if (sessions_.alive() == 0) return stopping_since_;
  return std::min(std::max(stopping_since_, sessions_.last_close()) + closes_apart,
                  stopping_since_ + closes_within);
}

bool Core::stopped(Time now) {
  if (!stops_reading(now)) return false;
  if (!last_turn_) last_turn_ = turn_;
  return !sessions_.wait_for(*last_turn_) &&
         (!producers_.wait_for(*last_turn_) || producers_.is_held());
}

void Core::check_invariants() const {
  queues_.check_invariants();
  sessions_.check_invariants();
  std::uint64_t under_way = 0;
  for (const auto& [id, session] : sessions_.all()) under_way += session->consumer.flow.bytes;
  ensure(under_way == queues_.serving().bytes_under_way());
}

}  // namespace baton::internal::broker
