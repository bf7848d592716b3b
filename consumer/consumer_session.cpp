#include "consumer/consumer_session.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "client/carry_over.hpp"
#include "proto/ensure.hpp"

namespace baton::internal {
namespace {

bool is_of_parts(const Entry& entry) { return entry.kind == EntryKind::part || is_partial(entry); }

}  // namespace

ConsumerSession::ConsumerSession(SessionConfig config, std::uint32_t prefetch)
    : session_(std::move(config)), prefetch_(std::min(prefetch, max_requests / 2)) {
  assert(session_.config().role == Role::consumer && !session_.config().queues.empty());
}

void ConsumerSession::start(Time now) { session_.start(now); }

// --- incoming ------------------------------------------------------------------------------------

void ConsumerSession::on_notification(std::string_view frame, Time now) {
  using Kind = ClientSession::Notification::Kind;
  const bool trusted = session_.trusted(now), could_print = may_print(), was_closed = closed();
  if (!session_.established()) flush_settled();  // so that a welcome finds it in the control stream
  const auto notification =
      session_.on_notification(frame, now, [this](ItemId id) { return holdings_.contains(id); });
  const auto kind = notification.kind;
  if (kind == Kind::feed) on_lost(notification);
  if (kind == Kind::welcomed) on_welcomed();
  if (kind == Kind::confirmed) on_confirmed(now);
  if (session_.needs_proof() && link_.state() != DeliveryLink::State::none && !session_.closing())
    session_.prove_by(send_request(0));
  // The confirm of each second is no reason to wake threads that wait for items.
  if (kind == Kind::changed || kind == Kind::welcomed || session_.over() ||
      session_.trusted(now) != trusted || may_print() != could_print || closed() != was_closed)
    changed_ = true;
  if (flush_wanted_ && flushed()) {
    changed_ = true;
    flush_wanted_ = false;
  }
}

/// Held items are reclaimed; received items that were not begun are the broker's again.
void ConsumerSession::on_welcomed() {
  holdings_.welcomed();
  inbox_.clear();
  coming_.drop();
  link_.reset();
}

/// Reclaims that were rejected. Such an item may have been delivered again since.
void ConsumerSession::on_lost(const ClientSession::Notification& notification) {
  EntryReader in(notification.payload);
  Entry entry;
  std::vector<ItemRun> runs;
  for (std::uint32_t i = 0; in.next(entry); ++i) {
    if (i < notification.skip || entry.kind != EntryKind::lost) continue;
    read_runs(entry, runs);
    for (const auto& run : runs)
      for (std::uint32_t n = 0; n < run.count; ++n) holdings_.lose(run.first + n);
  }
  changed_ = true;
}

void ConsumerSession::on_confirmed(Time now) {
  const auto& confirm = session_.confirmed().consumer;
  if (link_.offered(confirm.link_generation, confirm.link_port, now))
    requests_.push_back(
        {SocketRequest::Kind::connect_link, {}, confirm.link_generation, confirm.link_port});
  else
    judge_link_ = true;
}

/// Called after reading everything that came together with the confirm: messages it reports as sent
/// may be among that.
void ConsumerSession::judge_link(Time now) {
  const auto& confirm = session_.confirmed().consumer;
  if (!std::exchange(judge_link_, false) || confirm.link_generation != link_.generation()) return;
  if (link_.missing(confirm.link_sent, now)) lose_link();
}

void ConsumerSession::on_link(std::uint32_t generation, std::string_view frame, Time) {
  Header header;
  if (!session_.established() || generation != link_.generation() ||
      link_.state() == DeliveryLink::State::lost)
    return;
  if (read_header(frame, header) != Refusal::none || header.type != MessageType::deliveries) return;
  if (header.session != session_.id() || header.broker_instance != session_.broker_instance())
    return;
  const auto payload = payload_of(frame);
  if (check_entries(header.type, payload, header.count) != Refusal::none) return lose_link();
  take_in(header, payload);
}

void ConsumerSession::take_in(const Header& header, std::string_view payload) {
  const auto taken = link_.take(header.number, header.count);
  if (taken.verdict == StreamReceiver::Verdict::gap) return lose_link();
  if (taken.verdict != StreamReceiver::Verdict::fresh) return;
  report_.came(payload.size());
  bool parts = false;
  EntryReader in(payload);
  Entry entry;
  for (std::uint32_t i = 0; in.next(entry); ++i) {
    if (i < taken.skip) continue;
    parts = parts || is_of_parts(entry);
    if (entry.kind == EntryKind::delivery) link_.delivery();
    if (entry.kind == EntryKind::empty) link_.none();
  }
  if (!parts)
    inbox_.add(payload, header.number, taken.skip, link_.generation());
  else if (!take_parts(header, payload, taken.skip))
    return lose_link();
  changed_ = true;
  if (draining_) release_waiting();
}

/// Entry by entry, since some are parts. Returns false if these are invalid.
bool ConsumerSession::take_parts(const Header& header, std::string_view payload,
                                 std::uint32_t skip) {
  EntryReader in(payload);
  Entry entry;
  for (std::uint32_t i = 0; !in.at_end(); ++i) {
    const auto from = in.rest();
    in.next(entry);
    const auto whole = from.substr(0, from.size() - in.rest().size());
    if (i >= skip && !take_entry(entry, whole, header.number + i)) return false;
  }
  return true;
}

bool ConsumerSession::take_entry(const Entry& entry, std::string_view whole, SeqNo number) {
  if (entry.kind == EntryKind::empty) return true;
  if (entry.kind == EntryKind::delivery) {
    coming_.drop();  // the broker has taken it back, or it was given back
    const auto delivery = read_delivery(entry);
    if (delivery.whole > 0)
      coming_.begin(delivery, inbox_.take_large_buffer());
    else
      inbox_.add(whole, number, 0, link_.generation());
    return true;
  }
  if (!coming_.begun()) return true;  // given back while it was under way
  if (!coming_.add(entry.payload)) return false;
  if (!coming_.whole()) return true;
  std::string head;
  append_delivery(head, coming_.delivery());
  inbox_.add_apart(std::move(head), coming_.take_body(), number, link_.generation());
  return true;
}

void ConsumerSession::on_link_up(std::uint32_t generation, Time) {
  if (generation == link_.generation() && link_.state() == DeliveryLink::State::connecting)
    link_.connected();
}

void ConsumerSession::on_link_down(std::uint32_t generation, Time now) {
  if (generation == link_.generation() && link_.broke_off(now)) lose_link();
}

void ConsumerSession::lose_link() {
  if (link_.state() != DeliveryLink::State::connecting && link_.state() != DeliveryLink::State::up)
    return;
  requests_.push_back({SocketRequest::Kind::close_link, {}, link_.generation(), 0});
  coming_.drop();
  const auto lost =
      link_.lose(static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted(), max_requests)));
  changed_ = true;  // cancelled requests will not be answered
  if (session_.established() && !session_.closing())
    session_.append(entry_head_size + 16, 0,
                    [&](std::string& out) { append_link_lost(out, lost); });
}

// --- items ---------------------------------------------------------------------------------------

bool ConsumerSession::take(Delivery& delivery, std::string& body, Time now) {
  Inbox::Taken taken;
  if (inbox_.empty() || !session_.trusted(now) || !inbox_.next(taken)) return false;
  delivery = read_delivery(taken.entry, last_put_);
  last_put_ = delivery.put;
  if (taken.body)
    body.swap(*taken.body);
  else
    body.assign(delivery.body);
  delivery.body = body;
  holdings_.take(delivery);
  if (holdings_.remembers_much()) {
    flush_settled();
    holdings_.forget(session_.control());
  }
  if (taken.tag == link_.generation()) link_.begin(taken.number);
  return true;
}

const std::string& ConsumerSession::queue_name(std::uint16_t index) const {
  static const std::string unknown;
  return index < session_.config().queues.size() ? session_.config().queues[index] : unknown;
}

bool ConsumerSession::settle(const Settlement& settlement, std::uint64_t tag) {
  if (session_.over() || !holdings_.settle(settlement, tag, session_.control())) return false;
  say_settled(settlement);
  return true;
}

void ConsumerSession::say_settled(const Settlement& settlement) {
  if (settlement.goes_in_runs()) {
    if (settled_.add(settlement)) flush_settled();
  } else {
    session_.append(entry_size(settlement), 0,
                    [&](std::string& out) { append_settlement(out, settlement); });
  }
}

void ConsumerSession::fail_held(std::string_view reason) {
  if (session_.closing()) return;
  auto ids = holdings_.ids();
  std::sort(ids.begin(), ids.end());
  for (const auto id : ids) settle({Settlement::Kind::failed, id, reason});
}

void ConsumerSession::release_waiting() {
  Inbox::Taken taken;
  while (inbox_.next(taken))
    say_settled({Settlement::Kind::released, read_delivery(taken.entry).id});
  if (!coming_.begun()) return;
  say_settled({Settlement::Kind::released, coming_.id()});
  coming_.drop();
}

void ConsumerSession::drain() {
  draining_ = changed_ = true;
  resting_ = false;
  release_waiting();
}

void ConsumerSession::rest() {
  if (draining_ || takers_ > 0) return;
  drain();
  resting_ = true;
}

void ConsumerSession::close(Time now) {
  drain();
  flush_settled();
  const bool item_may_come =
      link_.up() && (link_.outstanding() > 0 || !cancelled(cancellation_ticket()));
  session_.close({}, now, holdings_.size() > 0 || item_may_come);
}

void ConsumerSession::release_held() {
  for (const auto id : holdings_.ids()) settle({Settlement::Kind::released, id});
}

void ConsumerSession::want_flushed() {
  if (std::exchange(flush_wanted_, true) || session_.closing()) return;
  flush_settled();
  session_.append(entry_head_size + 8, 0, [](std::string& out) { append_flush(out, {}); });
}

void ConsumerSession::flush_settled() {
  settled_.take_out([this](EntryKind kind, const std::vector<ItemRun>& runs) {
    if (!session_.closing())
      session_.append(entry_head_size + runs.size() * 12, 0,
                      [&](std::string& out) { append_runs(out, kind, runs); });
  });
}

// --- outgoing ------------------------------------------------------------------------------------

std::uint64_t ConsumerSession::wanted() const {
  if (draining_ || session_.shutdown()) return 0;
  const std::uint64_t all = takers_ + prefetch_, here = inbox_.size() + coming_.begun();
  return all > here ? all - here : 0;
}

/// Makes `more` requests, and reports which items have begun.
SeqNo ConsumerSession::send_request(std::uint64_t more) {
  link_.request(more);
  const auto blocked = inbox_.empty() ? std::min<std::uint64_t>(takers_, max_requests) : 0;
  const auto request = link_.tell(static_cast<std::uint32_t>(blocked));
  return session_.append(entry_head_size + request_size, 0,
                         [&](std::string& out) { append_request(out, request); });
}

void ConsumerSession::update_requests() {
  if (!session_.established() || session_.closing() || !link_.up()) return;
  const auto want = std::min<std::uint64_t>(wanted(), max_requests), have = link_.outstanding();
  if (want > have) send_request(want - have);
  if (want < have) {
    const auto surplus = static_cast<std::uint32_t>(have - want);
    link_.cancel_requests(surplus);
    session_.append(entry_head_size + 4, 0,
                    [&](std::string& out) { append_cancel_requests(out, surplus); });
  }
}

void ConsumerSession::tick(Time now, Outbox& out) {
  const auto before = session_.state();
  const auto requested = out.requests.size();
  session_.tick(now, out);
  if (session_.state() != before) changed_ = true;
  if (out.requests.size() > requested) {  // all sockets are being replaced
    changed_ = true;
    lose_link();
    requests_.clear();
  }
  judge_link(now);
  if (now >= link_.connect_deadline()) lose_link();
  if (now >= link_.unreachable_at()) {
    link_.told();
    changed_ = true;
  }
  out.requests.insert(out.requests.end(), requests_.begin(), requests_.end());
  requests_.clear();
  flush_settled();
  if (session_.hello_due(now))
    session_.send_hello(now, {{1}, {}, holdings_.reclaims(session_.id(), session_.control())}, out);
  update_requests();
  if (now >= news_of_link_at()) session_.heartbeat_soon();
  if (session_.heartbeat_due(now)) {
    if (link_.owes_begun() && !session_.closing()) send_request(0);
    session_.send_heartbeat(
        now, {{}, {}, session_.feed_position(), link_.received(), link_.generation(), false}, out);
    report_.reported(now);
  }
  session_.flush(now, out);
}

/// When to tell the broker what was received on the link.
Time ConsumerSession::news_of_link_at() const {
  return session_.established() ? report_.due() : never;
}

Time ConsumerSession::next_deadline() const {
  if (!requests_.empty()) return Time::min();
  return std::min({session_.next_deadline(), link_.connect_deadline(), link_.unreachable_at(),
                   news_of_link_at()});
}

bool ConsumerSession::take_change() { return std::exchange(changed_, false); }

void ConsumerSession::check_invariants() const {
  session_.check_invariants();
  link_.check_invariants();
  ensure(!draining_ || inbox_.empty());
  ensure(!resting_ || (draining_ && takers_ == 0));
}

}  // namespace baton::internal
