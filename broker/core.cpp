#include "broker/core.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "broker/credit.hpp"
#include "broker/rare.hpp"
#include "proto/ensure.hpp"
#include "proto/input_chain.hpp"

namespace baton::broker {
namespace {

constexpr Duration lane_again = 50ms;  // between tries to open the next lane of a session whose last one broke

/// Which role may send an entry on the control stream.
bool may_send(Role role, EntryKind kind) {
  switch (kind) {
    case EntryKind::say:
    case EntryKind::bye:
      return true;
    case EntryKind::join:
      return role == Role::producer;
    default:
      return role == Role::consumer;
  }
}

}  // namespace

Core::Core(Settings settings, Epoch epoch, Storage& storage, Effects& effects, Time now)
    : settings_(std::move(settings)),
      epoch_(epoch),
      storage_(storage),
      effects_(effects),
      stock_(settings_, storage, effects, changed_),
      console_(settings_.console_keep),
      look_at_(never),
      beat_at_(now + beat_interval),
      due_(now) {
  stock_.load(epoch, now);
  stock_.wait_for_claims(stock_.epoch_before() != Epoch{});
  open_plain_doors();
}

void Core::beat(Session& session, const Beat& beat, Time now) {
  session.heard_at = now;
  stock_.heard(session);
  // A beat follows all that its client has sent on the control door before: what is not here by now was lost.
  if (beat.control_sent > session.control.received()) {
    session.control.note_gap();
    changed(session);
  }
  if (session.is(Role::consumer) && beat.lane_generation == session.lane_generation)
    stock_.arrived(session, beat.lane_received, now);
  if (session.is(Role::consumer)) {
    stock_.heard_lost(session, beat.heard, now);
    if (beat.rewind && session.told.rewind(now)) changed(session);
  }
  if (session.is(Role::producer)) {
    auto& outcomes = session.producer->outcomes;
    outcomes.confirm(beat.heard, now);
    if (beat.rewind && outcomes.rewind(now)) changed(session);
  }
  if (session.is(Role::printer)) {
    const auto printed = std::min(beat.heard, session.sent);
    if (beat.rewind && (printed > session.printed || now >= session.rewind_again)) {
      session.sent = std::max(printed, session.printed);
      session.rewind_again = now + resend_after;
    }
    if (printed > session.printed) {
      session.printed = printed;
      session.printed_at = now;
    }
    if (session.sent < console_.last()) changed(session);
  }
}

Refusal Core::put(Session& session, Number first, std::uint16_t count, std::string_view entries, Time now) {
  session.heard_at = now;
  if (!session.is(Role::producer)) return Refusal::wrong_role;
  auto& producer = *session.producer;
  const auto before = producer.put.received();
  if (first.value == 0) return Refusal::over_credit;
  EntryReader in(entries);
  Entry entry;
  std::optional<InputPlace> place;
  if (begins_with_digest(entries) && in.next(entry)) place = read_digest(entry);
  const auto items = static_cast<std::uint16_t>(count - (place ? 1 : 0));
  const auto entries_of_items = in.rest();
  const auto again = stock_.may_claim() ? producer.sent_before : Number{};
  const auto room = room_for(session, settings_, storage_holds_.empty(), again, first, items, entries_of_items);
  if (room.over_credit) return Refusal::over_credit;
  changed(session);
  const bool all = room.entries == items;
  const auto taken = producer.put.take(first, room.entries);
  if (!all) producer.put.note_gap();
  if (taken.verdict != StreamReceiver::Verdict::fresh) return Refusal::none;

  Number number = first;
  for (std::uint32_t i = 0; i < room.entries && in.next(entry); ++i, number += 1)
    if (i >= taken.skip) stock_.put(producer, *session.queues.front(), read_item(entry), number, now);
  if (place && all) producer.checkpoints.note(*place);
  if (place && !all) note_part(session, *place, entries_of_items, taken.skip, room.entries, items);
  use_credit(session, before);
  return Refusal::none;
}

/// Of a message only a part came in, so the place that it names is not reached: the digest goes on from the last one.
void Core::note_part(const Session& session, const InputPlace& place, std::string_view entries, std::uint32_t skip,
                     std::uint32_t end, std::uint32_t items) {
  auto& checkpoints = session.producer->checkpoints;
  auto chain =
      checkpoints.all().empty() ? InputChain(session.queues.front()->name) : InputChain(checkpoints.all().back());
  if (chain.at().items + items - skip != place.at.items) return;  // it is of an input that this broker does not know
  EntryReader in(entries);
  Entry entry;
  for (std::uint32_t i = 0; i < end && in.next(entry); ++i)
    if (i >= skip) chain.add(read_item(entry).body);
  checkpoints.note({chain.at(), false});
}

void Core::put_mark(Session& session, Number next, Time now) {
  session.heard_at = now;
  if (!session.is(Role::producer) || next <= session.producer->put.received() + 1) return;
  session.producer->put.note_gap();
  changed(session);
}

Refusal Core::control(Session& session, Number first, std::uint16_t count, std::string_view entries, Time now) {
  session.heard_at = now;
  stock_.heard(session);
  if (first.value == 0) return Refusal::malformed;
  not_held_ = 0;
  changed(session);
  const auto taken = session.control.take(first, count);
  if (taken.verdict != StreamReceiver::Verdict::fresh) return Refusal::none;
  EntryReader in(entries);
  Entry entry;
  for (std::uint32_t i = 0; in.next(entry); ++i)
    if (i >= taken.skip && session.state == Session::State::standing && !session.said_bye) {
      apply(session, entry, now);
      if (session.unkept_settles > 0 && session.unconfirmable == Number{}) session.unconfirmable = first + i;
      if (!session.block.empty() && session.block_begun == Number{}) session.block_begun = first + i;
    }
  return Refusal::none;
}

void Core::apply(Session& session, const Entry& entry, Time now) {
  if (!may_send(session.hello.role, entry.kind)) return refuse(session.id, Refusal::wrong_role, {}, now);
  if (entry.kind == EntryKind::claim || entry.kind == EntryKind::claim_put) return claim(session, entry, now);
  session.claims_left = 0;  // claims come before all else
  if (!session.block.empty() && entry.kind != EntryKind::say)
    return refuse(session.id, Refusal::malformed, "between the parts of a block", now);
  switch (entry.kind) {
    case EntryKind::ask:
      return ask(session, read_ask(entry), now);
    case EntryKind::withdraw:
      return stock_.withdraw(session, read_withdraw(entry));
    case EntryKind::ack:
    case EntryKind::release:
      return settle_runs(session, entry, now);
    case EntryKind::fail:
      if (const auto failure = read_fail(entry); !stock_.fail(session, failure, now))
        not_held(session, failure.id, now);
      return;
    case EntryKind::say:
      return say(session, read_say(entry), now);
    case EntryKind::lane_lost:
      return lane_lost(session, read_lane_lost(entry));
    case EntryKind::join:
      session.joining = true;
      return;
    case EntryKind::bye:
      return bye(session, read_bye(entry), now);
    default:
      assert(false && "check_entries() let it through");
  }
}

/// While the session has no lane, its asks wait for the next one: what was handed off would go to nobody.
void Core::ask(Session& session, const Ask& ask, Time now) {
  if (!stock_.may_ask(session)) return refuse(session.id, Refusal::over_credit, "answers that it does not read", now);
  session.note_begun(ask.begun, ask.waiting);
  if (std::find(laneless_.begin(), laneless_.end(), session.id) == laneless_.end())
    return stock_.ask(session, ask.asked);
  session.wanted = std::max(session.wanted, ask.asked);
}

/// What the client holds goes back at once; the session ends when all it sent is in and kept.
void Core::bye(Session& session, Number last_put, Time now) {
  session.said_bye = true;
  bye_at_ = now;
  session.last_put = last_put;
  session.wanted = 0;
  if (!session.is(Role::consumer)) return;
  stock_.forget_asks(session);
  stock_.release_all(session);
}

/// What it claims it was given before this session has a lane: before it asked for anything.
void Core::claim(Session& session, const Entry& entry, Time now) {
  read_claims(entry, claims_);
  for (const auto& claim : claims_) {
    if (claim.count > session.claims_left)
      return refuse(session.id, Refusal::malformed, "more claims than announced", now);
    session.claims_left -= claim.count;
    stock_.claim(session, claim);
  }
}

void Core::settle_runs(Session& session, const Entry& entry, Time now) {
  read_runs(entry, runs_);
  for (const auto& run : runs_) {
    for (std::uint32_t i = 0; i < run.count; ++i) {
      const auto id = run.first + i;
      if (entry.kind == EntryKind::ack ? stock_.ack(session, id) : stock_.release(session, id)) continue;
      not_held(session, id, now);
      if (not_held_ > max_asks) return;  // nobody ever held as many: a run's length is the sender's word
    }
  }
}

/// A message may name thousands: the first few are told, the others only counted.
void Core::not_held(Session& session, ItemId id, Time now) {
  constexpr std::uint32_t most_told = 16;
  if (++not_held_ <= most_told)
    refuse(session.id, Refusal::not_held, "item " + std::to_string(id.value), now);
  else
    ++refusals_[static_cast<std::size_t>(Refusal::not_held)];
}

void Core::lane_lost(Session& session, const LaneLost& lost) {
  if (lost.generation != session.lane_generation || lost.received > session.lane_sent()) return;
  if (session.lane_port == 0) return;  // nobody was told where it is: it cannot have been lost
  stock_.take_back_after(session, session.lane_base + lost.received.value);
  stock_.forget_asks(session);
  effects_.lane_changes.push_back({session.id, session.lane_generation, false});
  open_lane(session);
  stock_.ask(session, lost.wanted);
}

void Core::open_lane(Session& session) {
  ++session.lane_generation;
  session.lane_port = 0;
  session.lane_base = session.handed_count;
  session.asked = session.asked_in_all = session.answered = 0;
  effects_.lane_changes.push_back({session.id, session.lane_generation, true});
}

void Core::lane_opened(const SessionId& id, std::uint32_t generation, std::uint16_t port) {
  auto* session = find(id);
  if (!session || session->lane_generation != generation) return;
  session->lane_port = port;
  std::erase(laneless_, id);
  stock_.ask(*session, std::exchange(session->wanted, 0));
  changed(*session);
}

void Core::lane_failed(const SessionId& id, std::uint32_t generation, Time now) {
  auto* session = find(id);
  if (!session || session->lane_generation != generation) return;
  stock_.take_back_after(*session, session->lane_base);  // nobody has seen what was handed off on it
  if (generation == 1 && session->held == 0 && session->claims_left == 0)
    return refuse(id, Refusal::sessions_full, no_lane, now);
  // The port of its lane that broke may not be quite free yet, which is no reason to take from it what it holds.
  session->wanted = std::max(session->wanted, session->asked_in_all);
  stock_.forget_asks(*session);
  if (std::find(laneless_.begin(), laneless_.end(), id) == laneless_.end()) laneless_.push_back(id);
  lanes_again_at_ = std::min(lanes_again_at_, now + lane_again);
}

void Core::lane_unreached(const SessionId& id, std::uint16_t port) {
  auto* session = find(id);
  if (!session || ++session->lanes_unreached != 2 || !worth_a_line(++unreached_)) return;
  const auto& hello = session->hello;
  effects_.log.push_back(
      "consumer " + hello.host + "/" + std::to_string(hello.pid) + " does not reach port " + std::to_string(port) +
      ", where its items come from: is it open to that host, and published under the same number? --lanes "
      "A-B says which ports these are");
}

void Core::open_lanes_again(Time now) {
  if (now < lanes_again_at_) return;
  lanes_again_at_ = never;
  std::erase_if(laneless_, [this](const SessionId& id) { return !find(id); });
  for (const auto& id : laneless_) open_lane(*find(id));
}

/// A client begins no block when it has a whole window of them unconfirmed; the last one may go beyond.
void Core::say(Session& session, const Said& said, Time now) {
  auto& block = session.block;
  if (block.empty() && session.said >= session.say_credit) return refuse(session.id, Refusal::over_credit, {}, now);
  if (!block.empty() && said.number != session.block_number)
    return refuse(session.id, Refusal::malformed, "a part of another block", now);
  if (block.size() + said.block.size() > max_say) return refuse(session.id, Refusal::too_large, {}, now);
  if (block.empty() && !said.goes_on) return log_lines(session, said);
  block += said.block;
  session.block_number = said.number;
  if (said.goes_on) return;
  log_lines(session, {0, said.number, block});
  std::string().swap(block);  // with its memory
  session.block_begun = {};
}

void Core::log_lines(Session& session, const Said& said) {
  session.said += said.block.size();
  if (said.block.empty()) return;
  if (may_leave(session) && ending_ != Ending::leaving) return;  // the last line of all was said
  if (!said_before_.is_new(session.hello.instance, said.number)) return;
  console_.append({session.hello.instance, said.number, said.block});
  for (auto* printer : printers_) changed(*printer);
}

/// After a pause of our own (a stopped process, a suspended machine) silence is no sign of death: all get more time.
/// Who was heard, or seen to leave, right after it had no part in it.
void Core::forgive(Duration pause, Time now) {
  for (auto& [id, session] : sessions_) {
    session->heard_at = std::min(session->heard_at + pause, now);
    if (session->left_at != never) session->left_at = std::min(session->left_at + pause, now);
  }
  if (claims_until_ != never) {
    claims_until_ += pause;
    claims_at_latest_ += pause;
  }
  look_at_ = now;
}

void Core::end_turn(Time now, bool control_dry) {
  if (now > due_ + longest_pause) forgive(now - due_, now);
  if (control_dry || now - longest_pause > look_at_) check_liveness(now);
  open_lanes_again(now);
  stock_.tick(now);
  judge_claims(now);
  stock_.serve();
  give_out(std::exchange(plain_.out_room, 0));
  persist();
  begin_waiting(now);
  bound_untold(now);
  end_complete_byes(now);
  extend_credits();  // with the room of those that just went, and of a disk that is full no more
  check_ending(now);
  watch_console(now);
  if (now >= beat_at_) {
    all_changed();
    beat_at_ = now + beat_interval;
  }
  tell_changed(now);
  sweep_over(now);
  stock_.end_turn();
  due_ = std::max(now, next_deadline());
#ifndef NDEBUG
  check_invariants();
#endif
}

Time Core::next_deadline() const {
  if (!changed_.empty() || stock_.has_touched() || (stock_.has_to_serve() && stock_.hands_off()))
    return Time{};  // something came up after the last turn
  auto next = std::min({look_at_, beat_at_, lanes_again_at_, stock_.next_deadline()});
  if (stopping_since_ != never)
    next = std::min(next, last_turn_ ? never : read_until());
  else if (stock_.may_claim())
    next = std::min(next, claims_until_);
  if (ending_ == Ending::not_yet && done_since_ != never) next = std::min(next, done_since_ + settings_.not_coming);
  if (ending_ == Ending::leaving) next = std::min(next, ending_since_ + settings_.leave_within);
  if (ending_ == Ending::printing) next = std::min(next, ending_since_ + settings_.print_within);
  return next;
}

void Core::check_invariants() const {
  stock_.check_invariants();
  std::uint64_t under_way = 0;
  for (const auto& [id, session] : sessions_) {
    under_way += session->flow.bytes;
    ensure(session->answered <= session->asked && session->asked <= session->asked_in_all);
    ensure(session->id == id);
    ensure((session->producer != nullptr) ==
           (session->is(Role::producer) && session->state == Session::State::standing));
    ensure(session->printed <= session->sent && session->sent <= console_.last());
    if (session->is(Role::consumer) && session->state == Session::State::standing)
      ensure(session->wants() == 0 || session->waiting || session->flow.full || session->process->set_aside());
  }
  ensure(under_way == stock_.bytes_under_way());
}

}  // namespace baton::broker
