#include "printer/printer_session.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "proto/ensure.hpp"

namespace baton::internal {

PrinterSession::PrinterSession(SessionConfig config) : session_(std::move(config)) {
  assert(session_.config().role == Role::printer);
}

void PrinterSession::start(Time now) { session_.start(now); }

void PrinterSession::on_notification(std::string_view frame, Time now) {
  using Kind = ClientSession::Notification::Kind;
  const auto notification = session_.on_notification(frame, now);
  if (notification.kind == Kind::welcomed) on_welcomed();
  if (notification.kind == Kind::feed) on_feed(notification);
  // The confirm of each second is no reason to wake a thread that waits for a block.
  if (notification.kind == Kind::confirmed ? finished() || session_.over()
                                           : notification.kind != Kind::nothing)
    changed_ = true;
}

void PrinterSession::on_welcomed() {
  if (log_ > 0 && session_.same_broker()) return session_.skip_feed(received_);
  ++log_;
  passed_over_.clear();
  received_ = printed_ = {session_.welcome().feed_first.value - 1};
}

void PrinterSession::on_feed(const ClientSession::Notification& notification) {
  session_.heartbeat_soon();
  received_ = session_.feed_position();
  Entry entry;
  EntryReader(notification.payload).next(entry);
  if (entry.kind != EntryKind::dropped)
    inbox_.add(notification.payload, notification.first, notification.skip, log_);
}

void PrinterSession::begin_log(const Inbox::Taken& taken) {
  taken_log_ = taken.tag;
  given_ = taken_ = taken.tag == log_ ? printed_ : SeqNo{taken.number.value - 1};
  missing_ = passed_ = 0;
  whole_ = true;
}

/// The parts of a block whose end is missing are dropped, too.
void PrinterSession::miss(std::uint64_t numbers) {
  missing_ += numbers;
  if (numbers > 0 && !std::exchange(whole_, true)) missing_ += parts_taken_;
}

/// Whether that is the last part of a block: then `printed` has all of it. No real broker sends
/// longer blocks.
bool PrinterSession::is_whole(PrintBlock& printed) {
  if (std::exchange(whole_, !printed.goes_on)) {
    parts_.clear();
    parts_taken_ = 0;
  }
  whole_ = whole_ || parts_.size() + printed.block.size() > max_print;
  if (++parts_taken_ == 1 && whole_) return true;
  parts_ += printed.block;
  printed.block = parts_;
  return whole_;
}

bool PrinterSession::next(ConsoleBlock& block) {
  Inbox::Taken taken;
  while (inbox_.next(taken)) {
    if (taken_log_ != taken.tag) begin_log(taken);
    miss(taken.number - taken_ - 1);
    taken_ = taken.number;
    auto printed = read_line(taken.entry);
    if (!is_whole(printed)) continue;
    if (repeats_.is_new(printed.client, printed.number)) {
      block = {printed.block, taken_, taken.tag, std::exchange(missing_, 0),
               std::exchange(passed_, 0)};
      given_ = taken_;
      return true;
    }
    passed_ += parts_taken_;
    pass_over();
  }
  return false;
}

/// The last block taken counts as printed when all before it are.
void PrinterSession::pass_over() {
  if (taken_log_ != log_) return;
  if (printed_ >= given_) {
    printed_ = taken_;
    session_.heartbeat_soon();
    changed_ = true;
  } else if (!passed_over_.empty() && passed_over_.back().behind == given_) {
    passed_over_.back().last = taken_;
  } else {
    passed_over_.push_back({given_, taken_});
  }
}

void PrinterSession::printed(const ConsoleBlock& block) {
  if (block.log != log_ || block.number <= printed_) return;
  printed_ = block.number;
  for (; !passed_over_.empty() && passed_over_.front().behind <= printed_; passed_over_.pop_front())
    printed_ = std::max(printed_, passed_over_.front().last);
  session_.heartbeat_soon();
}

bool PrinterSession::finished() const {
  return session_.established() && session_.shutdown() && inbox_.empty() &&
         printed_ >= session_.confirmed().feed_last;
}

void PrinterSession::close(Time now) {
  session_.heartbeat_soon();
  session_.close({}, now, false);
  changed_ = true;
}

void PrinterSession::tick(Time now, Outbox& out) {
  const auto before = session_.state();
  session_.tick(now, out);
  if (session_.state() != before || !out.requests.empty()) changed_ = true;
  if (session_.hello_due(now)) session_.send_hello(now, {{1}, printed_, {}}, out);
  if (session_.heartbeat_due(now))
    session_.send_heartbeat(now, {{}, {}, printed_, {}, 0, false}, out);
  session_.flush(now, out);
}

Time PrinterSession::next_deadline() const { return session_.next_deadline(); }

bool PrinterSession::take_change() { return std::exchange(changed_, false); }

void PrinterSession::check_invariants() const {
  session_.check_invariants();
  ensure(printed_ <= received_);
  ensure(taken_log_ != log_ || (printed_ <= taken_ && taken_ <= received_));
}

}  // namespace baton::internal
