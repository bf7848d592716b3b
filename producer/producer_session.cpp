#include "producer/producer_session.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "proto/ensure.hpp"

namespace baton::internal {
namespace {

/// Messages of the put stream sent in one tick, so that its caller's lock is not held long.
constexpr int puts_per_tick = 4;

}  // namespace

ProducerSession::ProducerSession(SessionConfig config) : session_(std::move(config)) {
  assert(session_.config().role == Role::producer && session_.config().queues.size() == 1);
}

void ProducerSession::start(Time now) { session_.start(now); }

void ProducerSession::on_notification(std::string_view frame, Time now) {
  using Kind = ClientSession::Notification::Kind;
  const auto notification = session_.on_notification(frame, now);
  if (notification.kind == Kind::nothing) return;
  changed_ = true;
  if (notification.kind == Kind::welcomed) on_welcomed(now);
  if (notification.kind == Kind::confirmed) on_confirmed(now);
  if (notification.kind == Kind::feed) on_feed(notification);
}

void ProducerSession::on_welcomed(Time now) {
  const auto& welcome = session_.welcome();
  alone_since_ = never;
  if (!std::exchange(begun_, true)) {
    already_put_ = welcome.digests;
    put_ = StreamSender(welcome.put_received + 1);
    return;
  }
  put_.restart();
  // The broker may not have stored them yet, whether it is the same instance or not; and stored
  // items count as ours only once counted. The confirm tells both.
  put_.received(welcome.put_received, now);
  if (session_.same_broker()) return;
  if (!welcome.durable) {
    earlier_.done += counted_.producer.done;
    earlier_.dead += counted_.producer.dead;
    earlier_.lost += counted_.producer.accepted - counted_.producer.done - counted_.producer.dead;
  } else {
    count_gone(welcome.put_unknown);
  }
  counted_ = {};
}

/// The last `unknown` confirmed items are not in the broker's data. Of those not counted before, as
/// many as possible count as settled, the others as lost.
void ProducerSession::count_gone(std::uint64_t unknown) {
  const auto confirmed = put_.confirmed().value;
  const auto first = confirmed - std::min(confirmed, unknown);  // numbers after it
  const auto known = gone_.last - std::min(gone_.last, std::max(gone_.first, first));
  const auto gone = confirmed - first - known;
  if (gone == 0) return;
  gone_ = {gone_.last == 0 ? first : std::min(gone_.first, first), confirmed};
  const auto counted = earlier_.done + earlier_.dead + earlier_.lost + counted_.producer.done +
                       counted_.producer.dead;
  const auto lost = std::min(gone, confirmed - std::min(confirmed, counted));
  const auto dead = std::min(gone - lost, counted_.producer.dead);
  earlier_.lost += lost;
  earlier_.dead += dead;
  earlier_.done += gone - lost - dead;
}

void ProducerSession::on_confirmed(Time now) {
  const auto& confirm = session_.confirmed().producer;
  put_.received(confirm.put_received, now);
  put_.confirm(confirm.put_confirmed, now);
  put_.set_credit(confirm.put_credit, confirm.put_window);
  if (confirm.rewind_put) put_.rewind(now);
  counted_ = session_.confirmed();
  alone_since_ = confirm.consumers > 0 ? never : std::min(alone_since_, now);
}

void ProducerSession::on_feed(const ClientSession::Notification& notification) {
  EntryReader in(notification.payload);
  Entry entry;
  for (std::uint32_t i = 0; in.next(entry); ++i) {
    DeadNotice notice;
    if (i < notification.skip || entry.kind != EntryKind::died || !parse(entry.payload, notice))
      continue;
    if (earlier_.notices.size() == max_notices) earlier_.notices.erase(earlier_.notices.begin());
    earlier_.notices.push_back(std::move(notice));
  }
  session_.heartbeat_soon();
}

void ProducerSession::put(const PutItem& item, const InputPlace& place) {
  const auto size =
      entry_head_size + checkpoint_size + entry_head_size + sizeof item.delay_ms + item.body.size();
  auto& block = put_.block_for(size);
  if (block.size() == header_size) {
    append_digest(block, place);
    put_.appended_unnumbered();
  }
  assert(begins_with_digest(payload_of(block)));
  rewrite_digest(block, place);
  append_item(block, item);
  put_.appended(item.body.size());
  if (place.is_start)
    put_.close_block();  // so that it is accepted as a whole: no process could continue within it
}

PutWait ProducerSession::why_wait(Time now) const {
  using Why = PutWait::Why;
  if (may_put()) return {};
  if (session_.out_of_touch(now)) return {Why::connecting, Held::nothing};
  const auto held = session_.confirmed().producer.put_held;
  return {held == Held::nothing ? Why::window : Why::credit, held};
}

void ProducerSession::join() {
  if (joining_ || session_.over() || session_.closing()) return;
  joining_ = true;
  session_.append(entry_head_size, 0,
                  [](std::string& out) { append_block(out, EntryKind::join, {}); });
}

bool ProducerSession::joined() const {
  return flushed() && session_.established() && counted_.producer.put_confirmed >= put_.last() &&
         counted_.producer.accepted == counted_.producer.done + counted_.producer.dead &&
         session_.feed_position() >= counted_.feed_last;
}

Settled ProducerSession::counts() const {
  return {earlier_.done + counted_.producer.done,
          earlier_.dead + counted_.producer.dead,
          earlier_.lost,
          put_.last().value,
          {}};
}

Settled ProducerSession::settled() const {
  Settled all = counts();
  all.notices = earlier_.notices;
  return all;
}

void ProducerSession::tick(Time now, Outbox& out) {
  const auto before = session_.state();
  session_.tick(now, out);
  if (session_.state() != before || !out.requests.empty()) changed_ = true;
  if (!out.requests.empty()) put_.mark_soon();  // data in the old sockets is lost
  if (session_.hello_due(now))
    session_.send_hello(now, {put_.confirmed() + 1, session_.feed_position(), {}, put_.last()},
                        out);
  more_ = false;
  if (!session_.established()) return;
  for (int i = 0; i < puts_per_tick; ++i) {
    auto* block = put_.next_to_send(now);
    if (!block) break;
    out.messages.push_back(
        {TargetEndpoint::put,
         make_message(*block, MessageType::put, session_.broker_instance(), session_.id())});
    more_ = i + 1 == puts_per_tick;
  }
  if (now >= put_.mark_at()) send_mark(now, out);
  if (session_.heartbeat_due(now))
    session_.send_heartbeat(now, {put_.sent(), {}, session_.feed_position(), {}, 0, false}, out);
  session_.flush(now, out);
}

/// A mark after everything sent: lets the broker notice whether something is missing.
void ProducerSession::send_mark(Time now, Outbox& out) {
  std::string mark(header_size, '\0');
  write_header(mark.data(),
               {MessageType::put, 0, session_.broker_instance(), session_.id(), put_.sent() + 1});
  out.messages.push_back({TargetEndpoint::put, std::move(mark)});
  put_.marked(now);
}

Time ProducerSession::next_deadline() const {
  if (more_) return Time::min();
  return session_.established() ? std::min(session_.next_deadline(), put_.mark_at())
                                : session_.next_deadline();
}

bool ProducerSession::take_change() { return std::exchange(changed_, false); }

void ProducerSession::check_invariants() const {
  session_.check_invariants();
  put_.check_invariants();
  ensure(counted_.producer.done + counted_.producer.dead <= counted_.producer.accepted);
  ensure(earlier_.notices.size() <= max_notices);
}

}  // namespace baton::internal
