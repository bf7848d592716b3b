// What the sessions are told at the end of a turn.
#include <algorithm>
#include <utility>

#include "broker/core.hpp"
#include "broker/credit.hpp"
#include "broker/rare.hpp"

namespace baton::broker {

void Core::changed(Session& session) {
  if (std::exchange(session.changed, true)) return;
  changed_.push_back(&session);
}

void Core::all_changed() {
  for (auto& [id, session] : sessions_)
    if (session->state == Session::State::standing) changed(*session);
}

void Core::send(const SessionId& to, std::string bytes) { effects_.news.push_back({to, std::move(bytes)}); }

Core::PendingPut Core::pending_put(const SessionId& session, const Producer& producer, Ticket ticket) {
  return {{ticket, session, producer.put.received(), producer.put_bytes}, producer.index, producer.serial};
}

/// Gives the turn to the storage, and takes what has become durable by now as confirmed.
void Core::persist() {
  stock_.save_producers();
  const auto ticket = turn_ = storage_.commit();
  for (const auto* session : changed_) {
    if (session->state == Session::State::over) continue;
    pending_control_.push_back({ticket, session->id, session->control_whole(), session->said});
    if (session->producer) pending_puts_.push_back(pending_put(session->id, *session->producer, ticket));
  }
  for (auto& put : std::exchange(last_puts_, {})) {
    put.ticket = ticket;
    pending_puts_.push_back(put);
  }
  const auto durable = storage_.durable();
  confirm_control(durable.settles);
  confirm_puts(durable.puts);
  stock_.settles_kept(ticket, durable.settles);
  stock_.puts_kept(ticket, durable.puts);
  hold_puts(durable.held);
  for (auto& warning : storage_.take_warnings()) effects_.log.push_back(std::move(warning));
}

void Core::confirm_control(Ticket durable) {
  for (; !pending_control_.empty() && pending_control_.front().ticket <= durable; pending_control_.pop_front()) {
    const auto& kept = pending_control_.front();
    auto* session = find(kept.session);
    if (!session) continue;
    const auto number = session->unconfirmable == Number{} || kept.number < session->unconfirmable
                            ? kept.number
                            : Number{session->unconfirmable.value - 1};
    session->control_confirmed = std::max(session->control_confirmed, number);
    session->said_confirmed = std::max(session->said_confirmed, kept.bytes);
    changed(*session);
  }
}

void Core::confirm_puts(Ticket durable) {
  for (; !pending_puts_.empty() && pending_puts_.front().ticket <= durable; pending_puts_.pop_front()) {
    const auto& kept = pending_puts_.front();
    if (auto* producer = stock_.find_producer(kept.producer, kept.serial)) {
      producer->confirmed = std::max(producer->confirmed, kept.number);
      producer->confirmed_bytes = std::max(producer->confirmed_bytes, kept.bytes);
    }
    if (auto* session = find(kept.session)) changed(*session);
  }
}

/// While the storage has no room for new items no credit is given, and what was given is to be left unused.
void Core::hold_puts(const std::string& why) {
  if (why.empty() == storage_holds_.empty()) return;
  storage_holds_ = why;
  if (!why.empty()) ++storage_held_;  // where there is little room it is full and not full in turns
  if (worth_a_line(storage_held_))
    effects_.log.push_back(why.empty() ? "new items are kept again"
                                       : "new items cannot be kept, producers wait: " + why);
  for (auto& [id, session] : sessions_)
    if (session->producer) {
      stock_.note_room(*session->queues.front());
      changed(*session);
    }
}

void Core::extend_credits() {
  const auto touched = stock_.take_touched();
  if (stopping_since_ != never) return;  // what is put from now on is for the next broker
  const auto window_moved = [&](Session& session) {
    const bool shut = put_window(session, settings_) == 0;
    return std::exchange(session.window_shut, shut) != shut;
  };
  for (auto* queue : touched) {
    auto next = queue->producers.begin();
    for (auto looks = queue->producers.size(); looks > 0; --looks) {
      const bool extended = storage_holds_.empty() && extend_credit(**next, settings_);
      if (window_moved(**next) || extended) changed(**next);
      // In a full queue whoever is first gets what room there is: next time it is another's turn.
      if (extended)
        std::rotate(next, next + 1, queue->producers.end());
      else
        ++next;
    }
  }
  stock_.forget_unused(touched);
}

Confirm Core::confirm_of(const Session& session) const {
  Confirm confirm;
  confirm.control_received = session.control_confirmed;
  confirm.rewind_control = session.control.has_gap();
  confirm.say_window = say_held_ ? 0 : say_window_bytes;
  confirm.say_held = say_held_ ? Held::console : Held::nothing;
  confirm.shutdown = may_leave(session);
  confirm.ended = session.state == Session::State::over;
  if (const auto* producer = session.producer) {
    confirm.put_received = producer->put.received();
    confirm.put_confirmed = producer->confirmed;
    confirm.put_credit = session.credit;
    confirm.put_window = storage_holds_.empty() ? put_window(session, settings_) : 0;
    confirm.put_held = storage_holds_.empty() ? put_held(session, settings_) : Held::storage;
    confirm.rewind_put = producer->put.has_gap();
    confirm.accepted = producer->accepted;
    confirm.done = producer->kept.done;
    confirm.dead = producer->kept.dead;
    confirm.told = producer->outcomes.last();
    confirm.told_sent = producer->outcomes.sent();
    confirm.consumers = session.queues.front()->consumers();
  }
  if (session.is(Role::printer)) {
    confirm.told = console_.last();
    confirm.told_sent = session.sent;
  }
  if (session.is(Role::consumer)) {
    confirm.told = session.told.last();
    confirm.told_sent = session.told.sent();
    confirm.lane_sent = session.lane_sent();
    confirm.lane_generation = session.lane_generation;
    confirm.lane_port = session.lane_port;
  }
  return confirm;
}

void Core::tell_changed(Time now) {
  for (std::size_t i = 0; i < changed_.size(); ++i) {
    auto& session = *changed_[i];
    session.changed = false;
    if (session.state == Session::State::over && !session.left) continue;
    if (session.producer) tell_outcomes(session, session.producer->outcomes, now);
    if (session.is(Role::consumer)) tell_outcomes(session, session.told, now);
    if (session.is(Role::printer) && session.state == Session::State::standing) feed_printer(session);
    // Behind what it says was sent: whoever has not got that by now has lost it.
    const auto confirm = confirm_of(session);
    send(session.id, encode_confirm(header_for(session.id, MessageType::confirm), confirm));
    if (session.producer) grant_bytes(session, confirm.put_window);
    session.say_credit = std::max(session.say_credit, session.said_confirmed + confirm.say_window);
  }
  changed_.clear();
}

void Core::tell_outcomes(const Session& session, StreamSender& outcomes, Time now) {
  while (auto* block = outcomes.next_to_send(now))
    send(session.id, std::string(make_message(*block, MessageType::outcome, epoch_, session.id).view()));
}

/// Sends a printer what is next for it, up to console_window_bytes beyond what it has printed.
void Core::feed_printer(Session& session) {
  while (session.sent < console_.last() &&
         console_.bytes_after(session.printed) - console_.bytes_after(session.sent) < console_window_bytes) {
    auto header = header_for(session.id, MessageType::console);
    header.number = session.sent + 1;
    std::string message(header_size, '\0');
    if (header.number < console_.first()) {
      append_dropped(message, console_.first() - header.number);
      header.count = 1;
      session.sent = {console_.first().value - 1};
    } else {
      for (; session.sent < console_.last() && header.count < max_entries; ++header.count) {
        const auto part = console_.part(session.sent + 1);
        if (header.count > 0 && message.size() + part.block.size() > small_pack_bytes) break;
        session.sent += 1;
        append_line(message, part);
      }
    }
    write_header(message.data(), header);
    send(session.id, std::move(message));
  }
}

/// The last block that all printers who are connected and read have printed. When the last one has gone, another one may
/// come in its place: for some time it counts as if it were there. Otherwise, without one, the last of all.
Number Core::printed_by_all(Time now) const {
  auto printed = console_.last();
  if (printers_.empty() && now < printer_expected_until_) return printed_;
  for (const auto* printer : printers_)
    if (printer->printed_at + settings_.printer_stuck > now || printer->printed == console_.last())
      printed = std::min(printed, printer->printed);
  return printed;
}

/// A full log holds the sayers while a printer reads; else its oldest blocks go.
void Core::watch_console(Time now) {
  for (auto* printer : printers_)
    if (printer->printed == console_.last()) printer->printed_at = now;
  const auto printed = printed_by_all(now);
  const auto dropped = console_.trim(printed);
  if (dropped > 0 && printers_.empty() && !std::exchange(lines_dropped_, true))
    effects_.log.push_back("no printer reads the console: its oldest lines are dropped");
  const auto waiting = console_.bytes_after(printed);
  const bool many = ConsoleLog::overhead(console_.last() - printed) >= console_.most_besides();  // of very short blocks
  const bool held = (say_held_ ? waiting > console_.keep() / 2 : waiting >= console_.keep()) || many;
  if (std::exchange(say_held_, held) != held) all_changed();
}

}  // namespace baton::broker
