#include "broker/console_feed.hpp"

#include <algorithm>
#include <utility>

#include "proto/ensure.hpp"

namespace baton::internal::broker {

void ConsoleFeed::print(const PrintBlock& printed) {
  if (!printed_before_.is_new(printed.client, printed.number)) return;
  log_.append(printed);
  for (auto* printer : printers_) sessions_.changed(*printer);
}

/// A printer that this broker has welcomed before reports its position in this log.
void ConsoleFeed::begin(Session& printer, Time now) {
  auto& printing = printer.printing;
  printing.printed =
      std::min(sessions_.is_return(printer.hello) ? printer.hello.feed_position : printed_by_gone(),
               log_.last());
  printing.sent = printing.printed;
  printing.printed_at = now;
  printer.welcome.feed_first = printing.printed + 1;
  printers_.push_back(&printer);
}

void ConsoleFeed::heartbeat(Session& printer, const Heartbeat& heartbeat, Time now) {
  auto& printing = printer.printing;
  const auto printed = std::min(heartbeat.feed_position, printing.sent);
  if (heartbeat.rewind && (printed > printing.printed || now >= printing.rewind_again)) {
    printing.sent = std::max(printed, printing.printed);
    printing.rewind_again = now + resend_after;
  }
  if (printed > printing.printed) {
    printing.printed = printed;
    printing.printed_at = now;
  }
  if (printing.sent < log_.last()) sessions_.changed(printer);
}

void ConsoleFeed::end(Session& printer, const std::string& /*why*/, Time /*now*/) {
  printed_ = std::max(printed_, printer.printing.printed);
  expected_until_ =
      std::max(expected_until_, printer.printing.printed_at + settings_.printer_stuck);
  std::erase(printers_, &printer);
}

void ConsoleFeed::send_next(Session& printer, Time /*now*/) {
  if (printer.state != Session::State::established) return;
  auto& printing = printer.printing;
  while (printing.sent < log_.last() &&
         log_.bytes_after(printing.printed) - log_.bytes_after(printing.sent) <
             console_window_bytes) {
    auto next = sessions_.header_for(printer.id, MessageType::console);
    next.number = printing.sent + 1;
    std::string message(header_size, '\0');
    if (next.number < log_.first()) {
      append_dropped(message, log_.first() - next.number);
      next.count = 1;
      printing.sent = {log_.first().value - 1};
    } else {
      for (; printing.sent < log_.last() && next.count < max_entries; ++next.count) {
        const auto part = log_.part(printing.sent + 1);
        if (next.count > 0 && message.size() + part.block.size() > small_pack_bytes) break;
        printing.sent += 1;
        append_line(message, part);
      }
    }
    write_header(message.data(), next);
    effects_.notifications.push_back({printer.id, std::move(message)});
  }
}

void ConsoleFeed::fill(Confirm& confirm, const Session& printer) const {
  confirm.feed_last = log_.last();
  confirm.feed_sent = printer.printing.sent;
}

bool ConsoleFeed::make_room(Time now) {
  for (auto* printer : printers_)
    if (printer->printing.printed == log_.last()) printer->printing.printed_at = now;
  const auto printed = printed_by_all(now);
  const auto dropped = log_.trim(printed);
  if (dropped > 0 && printers_.empty() && !std::exchange(dropped_, true))
    effects_.log.push_back("no printer reads the console: its oldest lines are dropped");
  const auto waiting = log_.bytes_after(printed);
  // Too many very short blocks.
  const bool many = ConsoleLog::overhead(log_.last() - printed) >= log_.most_besides();
  const bool held = (held_ ? waiting > log_.keep() / 2 : waiting >= log_.keep()) || many;
  return std::exchange(held_, held) != held;
}

void ConsoleFeed::check_invariants(const Session& printer) const {
  ensure(printer.printing.printed <= printer.printing.sent && printer.printing.sent <= log_.last());
}

/// The last block printed by all connected printers that read. After the last printer has gone,
/// another one may replace it: for some time its position still counts. Otherwise, without
/// printers, the last block of all.
SeqNo ConsoleFeed::printed_by_all(Time now) const {
  auto printed = log_.last();
  if (printers_.empty() && now < expected_until_) return printed_;
  for (const auto* printer : printers_)
    if (printer->printing.printed_at + settings_.printer_stuck > now ||
        printer->printing.printed == log_.last())
      printed = std::min(printed, printer->printing.printed);
  return printed;
}

/// Where a new printer continues: at the last block printed by a printer that has gone or is about
/// to. So restarting a killed printer does not wait for its reconnect grace.
SeqNo ConsoleFeed::printed_by_gone() const {
  auto printed = printed_;
  for (const auto* printer : printers_)
    if (printer->left_at != never) printed = std::max(printed, printer->printing.printed);
  return printed;
}

}  // namespace baton::internal::broker
