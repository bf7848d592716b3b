#include "printer/printer_session.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "proto/ensure.hpp"

namespace baton {

PrinterSession::PrinterSession(SessionConfig config) : session_(std::move(config)) {
  assert(session_.config().role == Role::printer);
}

void PrinterSession::start(Time now) { session_.start(now); }

void PrinterSession::on_news(std::string_view frame, Time now) {
  using Kind = Session::News::Kind;
  const auto news = session_.on_news(frame, now);
  if (news.kind == Kind::welcomed) on_welcomed();
  if (news.kind == Kind::told) on_told(news);
  // A confirm a second is no reason to wake who waits for a block.
  if (news.kind == Kind::confirmed ? finished() || session_.over() : news.kind != Kind::nothing) changed_ = true;
}

void PrinterSession::on_welcomed() {
  if (log_ > 0 && session_.same_epoch()) return session_.skip_told(received_);
  ++log_;
  received_ = printed_ = {session_.welcome().first_told.value - 1};
}

void PrinterSession::on_told(const Session::News& news) {
  session_.beat_soon();
  received_ = session_.told();
  Entry entry;
  EntryReader(news.payload).next(entry);
  if (entry.kind != EntryKind::dropped) inbox_.add(news.payload, news.first, news.skip, log_);
}

bool PrinterSession::next(ConsoleBlock& block) {
  Inbox::Taken taken;
  if (!inbox_.next(taken)) return false;
  if (taken_log_ != taken.tag) {
    taken_log_ = taken.tag;
    taken_ = taken.tag == log_ ? printed_ : Number{taken.number.value - 1};
  }
  block = {taken.entry.payload, taken.number, taken.tag, taken.number - taken_ - 1};
  taken_ = taken.number;
  return true;
}

void PrinterSession::printed(const ConsoleBlock& block) {
  if (block.log != log_ || block.number <= printed_) return;
  printed_ = block.number;
  session_.beat_soon();
}

bool PrinterSession::finished() const {
  return session_.standing() && session_.shutdown() && inbox_.empty() && printed_ >= session_.confirmed().told;
}

void PrinterSession::bye(Time now) {
  session_.beat_soon();
  session_.bye({}, now, false);
  changed_ = true;
}

void PrinterSession::tick(Time now, Outbox& out) {
  const auto before = session_.state();
  session_.tick(now, out);
  if (session_.state() != before || !out.requests.empty()) changed_ = true;
  if (session_.hello_due(now)) session_.say_hello(now, {{1}, {}, printed_, {}}, out);
  if (session_.beat_due(now)) session_.say_beat(now, {{}, {}, printed_, {}, 0, false}, out);
  session_.flush(now, out);
}

Time PrinterSession::next_deadline() const { return session_.next_deadline(); }

bool PrinterSession::take_change() { return std::exchange(changed_, false); }

void PrinterSession::check_invariants() const {
  session_.check_invariants();
  ensure(printed_ <= received_);
  ensure(taken_log_ != log_ || (printed_ <= taken_ && taken_ <= received_));
}

}  // namespace baton
