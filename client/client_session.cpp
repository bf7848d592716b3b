#include "client/client_session.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

#include "client/carry_over.hpp"
#include "proto/deadline.hpp"
#include "proto/ensure.hpp"

namespace baton::internal {
namespace {

constexpr SeqNo no_limit{std::numeric_limits<std::uint64_t>::max()};

/// A client answers the broker's heartbeat with its own, so that both cost one wake-up; without one
/// it sends its heartbeat when that is overdue.
constexpr Duration heartbeat_in_answer = heartbeat_interval * 3 / 4;
constexpr Duration heartbeat_at_latest = heartbeat_interval * 5 / 4;

/// Whether a confirm was overtaken by a later one; only a network that reorders causes this.
bool older(const Confirm& a, const Confirm& b) {
  return a.control_received < b.control_received || a.feed_last < b.feed_last ||
         a.producer.put_received < b.producer.put_received ||
         a.producer.accepted < b.producer.accepted || a.producer.done < b.producer.done ||
         a.consumer.link_generation < b.consumer.link_generation;
}

/// Whether the counts contradict each other, which no real broker sends.
bool absurd(const ProducerPart& said) {
  return said.done > said.accepted || said.dead > said.accepted - said.done;
}

/// How many numbers the entries of a message take: one each, except `dropped`, which is alone and
/// takes as many as it says.
std::uint32_t numbers_in(std::string_view payload, std::uint16_t count) {
  Entry entry;
  EntryReader(payload).next(entry);
  if (entry.kind != EntryKind::dropped) return count;
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(read_dropped(entry), std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace

ClientSession::ClientSession(SessionConfig config) : config_(std::move(config)) {}

void ClientSession::start(Time now) {
  assert(state_ == State::idle);
  state_ = State::greeting;
  names_.start(config_.draw_id());
  contact_.start(now);
  hello_at_ = now;
  open_ = true;
}

void ClientSession::print(std::string_view block) {
  ++blocks_;
  do {
    const auto part = block.substr(0, print_part_bytes);
    block.remove_prefix(part.size());
    append(entry_head_size + print_size + part.size(), part.size(), [&](std::string& out) {
      append_print(out, {0, blocks_, part, !block.empty()});
    });
  } while (!block.empty());
}

void ClientSession::close(SeqNo last_put, Time now, bool role_owes) {
  if (over() || closing()) return;
  std::vector<ItemId> settled;
  settled_items(control_, settled);
  closing_.begin(last_put, now,
                 role_owes || !settled.empty() ||
                     ((!room_.is_full() || room_.was_ever_granted()) && has_lines(control_)));
  if (!was_welcomed()) state_ = State::ended;  // there is no session to close
}

// --- incoming ------------------------------------------------------------------------------------

ClientSession::Notification ClientSession::on_notification(std::string_view frame, Time now,
                                                           const InHand& in_hand) {
  Header header;
  note_pause(now);
  if (over() || read_header(frame, header) != Refusal::none || header.session != names_.id())
    return {};
  const auto payload = payload_of(frame);
  if (header.type == MessageType::refusal) return on_refusal(header, payload, now);
  if (header.type == MessageType::welcome) return on_welcome(header, payload, now, in_hand);
  if (!established() || header.broker_instance != names_.broker()) return {};
  contact_.heard(now);
  switch (header.type) {
    case MessageType::confirm:
      return on_confirm(payload, now);
    case MessageType::outcome:
    case MessageType::console:
      return on_feed(header, payload, now);
    default:
      return {};
  }
}

void ClientSession::note_pause(Time now) {
  // The broker may have established and lost the session of that hello meanwhile, with nothing
  // reclaimed: its welcome is not to be taken any more.
  if (state_ == State::greeting && names_.previous() &&
      now > deadline_after(greeted_, session_timeout))
    return renew(names_.broker(), now);
  if (!established() || now <= contact_.alive_until()) return;
  // A late heartbeat of our own is not another silence.
  doubt_.begin(now > contact_.heard() + session_timeout);
}

ClientSession::Notification ClientSession::on_welcome(const Header& header,
                                                      std::string_view payload, Time now,
                                                      const InHand& in_hand) {
  Welcome welcome;
  if (state_ != State::greeting || !parse(payload, welcome)) return {};
  contact_.heard(now);
  welcome_ = std::move(welcome);
  confirm_ = {};
  state_ = State::established;
  if (names_.previous()) {
    const auto received = names_.previous_was_welcomed() ? welcome_.previous_control : SeqNo{};
    const auto from = std::max(received, control_.confirmed());
    const auto blocks = control_.take_unconfirmed();
    append_to(control_, reclaims_);
    reclaims_end_ = control_.last();
    carry_over(blocks, from, reclaims_, in_hand, control_);
  }
  const bool is_first = !names_.ever_welcomed();
  names_.welcomed(header.broker_instance);
  if (!is_first && !same_broker()) shutdown_ = false;
  doubt_.end();
  closing_.welcomed();
  feed_.begin(welcome_.feed_first);
  heartbeat_at_ = now + heartbeat_at_latest;
  return {Notification::Kind::welcomed, {}, {}, 0};
}

ClientSession::Notification ClientSession::on_confirm(std::string_view payload, Time now) {
  Confirm confirm;
  if (decode_confirm(payload, confirm) != Refusal::none) return {};
  if (confirm.ended && closing_.was_said()) {  // has only that flag: keep all earlier values
    state_ = State::ended;
    return {Notification::Kind::changed, {}, {}, 0};
  }
  if (confirm.part != part_of(config_.role) || older(confirm, confirm_) || absurd(confirm.producer))
    return {};
  const auto &puts = confirm.producer, &before = confirm_.producer;
  const bool moved = confirm.control_received > confirm_.control_received ||
                     puts.put_received > before.put_received ||
                     puts.put_confirmed > before.put_confirmed;
  confirm_ = confirm;
  if (moved || !held()) closing_.note_work(now);
  control_.confirm(confirm.control_received, now);
  control_.set_credit(no_limit, confirm.print_window);
  if (confirm.rewind_control) control_.rewind(now);
  doubt_.confirmed(control_.confirmed());
  shutdown_ = shutdown_ || confirm.shutdown;
  // A consumer is only sure of its room when a confirm names its link: until then it may still be
  // refused.
  if (confirm.consumer.link_port != 0 || config_.role != Role::consumer) room_.granted();
  // Everything sent before this confirm came before it, on the same connection, or was lost.
  if (feed_.lacks(confirm.feed_sent)) request_rewind(now);
  if (now >= contact_.said() + heartbeat_in_answer) heartbeat_soon();
  return {Notification::Kind::confirmed, {}, {}, 0};
}

ClientSession::Notification ClientSession::on_refusal(const Header& header,
                                                      std::string_view payload, Time now) {
  RefusalNotice notice;
  if (!parse(payload, notice)) return {};
  contact_.heard(now);
  switch (notice.refusal) {
    case Refusal::unknown_session:  // also after close: if that had been received, the broker would
                                    // say that the session has ended
    case Refusal::wrong_broker_instance:
      renew(established() ? names_.broker() : header.broker_instance, now);
      break;
    case Refusal::sessions_full:
      if (established()) renew(names_.broker(), now);
      [[fallthrough]];
    case Refusal::not_yet:
      if (established()) break;  // the welcome was faster
      room_.refused(notice.text);
      hello_at_ = std::max(hello_at_, now + refused_again);
      break;
    default:
      // An unknown code ends the session.
      if (notice.refusal != Refusal::none && !ends_session(notice.refusal)) return {};
      fail({SessionError::Kind::refused, notice.refusal,
            notice.text.empty() ? std::string(meaning(notice.refusal)) : notice.text});
  }
  return {Notification::Kind::changed, {}, {}, 0};
}

ClientSession::Notification ClientSession::on_feed(const Header& header, std::string_view payload,
                                                   Time now) {
  if (check_entries(header.type, payload, header.count) != Refusal::none) return {};
  const auto taken = feed_.take(header.number, numbers_in(payload, header.count));
  if (taken.verdict == StreamReceiver::Verdict::gap) request_rewind(now);
  if (taken.verdict != StreamReceiver::Verdict::fresh) return {};
  return {Notification::Kind::feed, payload, header.number, taken.skip};
}

void ClientSession::request_rewind(Time now) {
  if (feed_.request_rewind(now)) heartbeat_soon();
}

// --- state ---------------------------------------------------------------------------------------

void ClientSession::renew(BrokerInstance broker_instance, Time now) {
  // Otherwise a broker that knows no session for long would get hellos without a pause.
  hello_at_ = contact_.opened() + hello_again <= now ? now : now + hello_again;
  names_.renew(broker_instance, config_.draw_id(), established());
  state_ = State::greeting;
  greeted_ = never;
  open_ = true;
  contact_.opened(now);
}

void ClientSession::fail(SessionError error) {
  error_ = std::move(error);
  state_ = State::failed;
}

Time ClientSession::give_up_at() const {
  if (closing()) return closing_.give_up_at(config_.leave_within, longest_close);
  if (was_welcomed() || full()) return never;
  return deadline_after(contact_.started(), config_.connect_timeout);
}

/// Unconfirmed items wait for room at the broker, which may take long.
bool ClientSession::held() const {
  const auto& said = confirm_.producer;
  const auto puts = said.put_held == Held::storage ? said.put_confirmed : said.put_received;
  return (closing() && said.put_held != Held::nothing && puts < closing_.last_put()) ||
         (confirm_.print_held != Held::nothing && control_.sent() < control_.last());
}

/// A client that owes nothing does not wait for a broker that does not answer.
Time ClientSession::leave_at() const {
  if (!closing_.owes_nothing()) return never;
  return full() ? closing_.since() : contact_.heard() + silence;
}

void ClientSession::tick(Time now, Outbox& out) {
  if (over() || state_ == State::idle) return;
  note_pause(now);
  closing_.excuse(contact_.pause(now), now);
  if (now >= leave_at()) {
    state_ = State::ended;
    return;
  }
  if (now >= give_up_at()) {
    if (closing())
      fail({SessionError::Kind::close_unconfirmed, Refusal::none,
            "the broker did not confirm the end of this session"});
    else
      fail({SessionError::Kind::unreachable, Refusal::none, "no broker answered"});
    return;
  }
  if (now >= contact_.reopen_at()) {
    if (shutdown_ && closing()) {
      state_ = State::ended;  // the broker ended before it could answer
      return;
    }
    open_ = true;
    contact_.opened(now);
    if (established()) heartbeat_soon();
    if (state_ == State::greeting) hello_at_ = now;
  }
  if (open_) out.requests.push_back({SocketRequest::Kind::open, names_.id(), 0, 0});
  open_ = false;
}

Time ClientSession::next_deadline() const {
  if (over() || state_ == State::idle) return never;
  if (open_) return Time::min();
  const Time said = established() ? heartbeat_at_ : hello_at_;
  return std::min({said, contact_.reopen_at(), give_up_at(), leave_at()});
}

// --- outgoing ------------------------------------------------------------------------------------

void ClientSession::send_hello(Time now, const Greeting& greeting, Outbox& out) {
  Hello hello;
  hello.role = config_.role;
  hello.client = config_.client;
  hello.name = config_.name;
  hello.named = config_.named;
  hello.host = config_.host;
  hello.pid = config_.pid;
  hello.process = config_.process;
  hello.instance = config_.instance;
  hello.queues = config_.queues;
  hello.first_put = greeting.first_put;
  hello.run = config_.role == Role::producer ? names_.run() : SessionId{};
  hello.begun = config_.role == Role::producer && was_welcomed();
  hello.feed_position = greeting.feed_position;
  hello.previous = names_.previous();
  hello.reclaims = items_in(greeting.reclaims);
  if (names_.previous()) hello.last_put = greeting.last_put;
  reclaims_ = greeting.reclaims;
  const Header header{MessageType::hello, 0, {}, names_.id(), {}};
  out.messages.push_back({TargetEndpoint::control, encode_json(header, to_json(hello))});
  contact_.said(now);
  greeted_ = now;
  hello_at_ = now + (full() ? refused_again : hello_again);
}

void ClientSession::send_heartbeat(Time now, Heartbeat mine, Outbox& out) {
  mine.control_sent = control_.sent();
  mine.rewind = feed_.take_rewind();
  out.messages.push_back(
      {TargetEndpoint::control,
       encode_heartbeat({MessageType::heartbeat, 0, names_.broker(), names_.id(), {}}, mine)});
  contact_.said(now);
  heartbeat_at_ = now + (now - contact_.heard() > heartbeat_at_latest ? heartbeat_in_silence
                                                                      : heartbeat_at_latest);
}

void ClientSession::append_close_entry() {
  append(entry_head_size + 8, 0,
         [this](std::string& out) { append_close(out, closing_.last_put()); });
  closing_.said();
}

void ClientSession::flush(Time now, Outbox& out) {
  if (!established()) return;
  if (closing_.is_to_be_said()) append_close_entry();
  while (control_.has_unsent() && control_.sent_bytes() < control_window_bytes) {
    auto* block = control_.next_to_send(now);
    out.messages.push_back({TargetEndpoint::control, make_message(*block, MessageType::control,
                                                                  names_.broker(), names_.id())});
  }
}

void ClientSession::check_invariants() const {
  control_.check_invariants();
  ensure((state_ == State::failed) == error_.has_value());
  ensure(!closing_.was_said() || closing());
  ensure(state_ != State::greeting || !closing() || was_welcomed());
  ensure(!established() || was_welcomed());
}

}  // namespace baton::internal
