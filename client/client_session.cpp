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

/// A client answers the broker's heartbeat with its own, so that both cost one wake-up; by itself
/// it sends one when that is overdue.
constexpr Duration heartbeat_in_answer = heartbeat_interval * 3 / 4;
constexpr Duration heartbeat_at_latest = heartbeat_interval * 5 / 4;

/// A confirm that was overtaken by a later one: only a network that reorders brings it.
bool older(const Confirm& a, const Confirm& b) {
  return a.control_received < b.control_received || a.feed_last < b.feed_last ||
         a.producer.put_received < b.producer.put_received ||
         a.producer.accepted < b.producer.accepted || a.producer.done < b.producer.done ||
         a.consumer.link_generation < b.consumer.link_generation;
}

/// Whether its counts contradict each other: no broker of ours says that.
bool absurd(const ProducerPart& said) {
  return said.done > said.accepted || said.dead > said.accepted - said.done;
}

/// How many numbers the entries of a message take: one each, but for `dropped`, which is alone and
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
  id_ = run_ = config_.draw_id();
  started_ = opened_ = hello_at_ = now;
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
  if (over() || closed_) return;
  closed_ = last_put;
  closed_time_ = now;
  std::vector<ItemId> settled;
  settled_items(control_, settled);
  owes_ = role_owes || !settled.empty() || ((!full_ || had_room_) && has_lines(control_));
  if (!ever_welcomed_) state_ = State::ended;  // nobody to take leave of
}

// --- what comes in -------------------------------------------------------------------------------

ClientSession::Notification ClientSession::on_notification(std::string_view frame, Time now,
                                                           const InHand& in_hand) {
  Header header;
  if (over() || read_header(frame, header) != Refusal::none || header.session != id_) return {};
  const auto payload = payload_of(frame);
  note_pause(now);
  if (header.type == MessageType::refusal) return on_refusal(header, payload, now);
  if (header.type == MessageType::welcome) return on_welcome(header, payload, now, in_hand);
  if (!established() || header.broker_instance != broker_instance_) return {};
  note_news(now);
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

void ClientSession::note_news(Time now) { last_news_ = now; }

void ClientSession::note_pause(Time now) {
  if (!established() || now <= alive_until()) return;
  // What proves it must have been asked for after the last silence; our own heartbeat being late is
  // no new one.
  if (!doubted_ || now > last_news_ + session_timeout) proof_.reset();
  doubted_ = true;
}

/// While a session is begun or stands there is a tick at least each heartbeat_at_latest. The time
/// in which our own process stood still was not the broker's.
void ClientSession::excuse_own_pause(Time now) {
  const auto before = std::exchange(ticked_, now);
  if (before == Time::min() || now - before <= silence) return;
  for (auto* time : {&started_, &closed_time_, &at_work_})
    if (*time != Time::min() && *time != never) *time = std::min(*time + (now - before), now);
}

ClientSession::Notification ClientSession::on_welcome(const Header& header,
                                                      std::string_view payload, Time now,
                                                      const InHand& in_hand) {
  Welcome welcome;
  if (state_ != State::greeting || !parse(payload, welcome)) return {};
  note_news(now);
  same_broker_ = ever_welcomed_ && broker_instance_ == header.broker_instance;
  if (ever_welcomed_ && !same_broker_) shutdown_ = false;
  welcome_ = std::move(welcome);
  confirm_ = {};
  broker_instance_ = header.broker_instance;
  state_ = State::established;
  if (previous_) {
    const auto received = previous_->session == control_of_ ? welcome_.previous_control : SeqNo{};
    const auto from = std::max(received, control_.confirmed());
    const auto blocks = control_.take_unconfirmed();
    append_to(control_, reclaims_);
    reclaims_end_ = control_.last();
    carry_over(blocks, from, reclaims_, in_hand, control_);
  }
  control_of_ = id_;
  ever_welcomed_ = true;
  doubted_ = close_appended_ = rewind_ = false;
  proof_.reset();
  feed_ = StreamReceiver(welcome_.feed_first);
  rewind_again_ = Time::min();
  rewind_delay_ = resend_after;
  heartbeat_at_ = now + heartbeat_at_latest;
  return {Notification::Kind::welcomed, {}, {}, 0};
}

/// Known by a confirm only, and of a consumer by one that names its link: that may yet be refused
/// after the welcome.
void ClientSession::has_room() {
  full_ = false;
  had_room_ = true;
}

ClientSession::Notification ClientSession::on_confirm(std::string_view payload, Time now) {
  Confirm confirm;
  if (decode_confirm(payload, confirm) != Refusal::none) return {};
  if (confirm.ended && close_appended_) {  // says nothing but that: what was known before stays so
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
  if (moved || !held()) at_work_ = now;
  control_.confirm(confirm.control_received, now);
  control_.set_credit(no_limit, confirm.print_window);
  if (confirm.rewind_control) control_.rewind(now);
  if (doubted_ && proof_ && control_.confirmed() >= *proof_) doubted_ = false;
  shutdown_ = shutdown_ || confirm.shutdown;
  if (confirm.consumer.link_port != 0 || config_.role != Role::consumer) has_room();
  // What was sent before this confirm came before it, on the same connection, or was lost.
  if (feed_.has_gap() || confirm.feed_sent > feed_.received()) request_rewind(now);
  if (now >= last_sent_ + heartbeat_in_answer) heartbeat_soon();
  return {Notification::Kind::confirmed, {}, {}, 0};
}

ClientSession::Notification ClientSession::on_refusal(const Header& header,
                                                      std::string_view payload, Time now) {
  RefusalNotice notice;
  if (!parse(payload, notice)) return {};
  note_news(now);
  switch (notice.refusal) {
    case Refusal::unknown_session:  // after close, too: had it come in, the broker would say that
                                    // the session has ended
    case Refusal::wrong_broker_instance:
      renew(established() ? broker_instance_ : header.broker_instance, now);
      break;
    case Refusal::sessions_full:
      if (established()) renew(broker_instance_, now);
      [[fallthrough]];
    case Refusal::not_yet:
      if (established()) break;  // the welcome was faster
      full_ = true;
      why_full_ = notice.text;
      hello_at_ = std::max(hello_at_, now + refused_again);
      break;
    default:
      // A code that is not known here is one that ends the session.
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
  rewind_again_ = Time::min();
  rewind_delay_ = resend_after;
  return {Notification::Kind::feed, payload, header.number, taken.skip};
}

void ClientSession::request_rewind(Time now) {
  if (now < rewind_again_) return;
  rewind_again_ = now + rewind_delay_;
  rewind_delay_ = std::min(2 * rewind_delay_, longest_resend_delay);
  rewind_ = true;
  heartbeat_soon();
}

// --- state ---------------------------------------------------------------------------------------

void ClientSession::renew(BrokerInstance broker_instance, Time now) {
  // A session whose welcome was not heard has said nothing: what is carried over is still the one's
  // before it.
  if (established() || !previous_) previous_ = Previous{broker_instance, id_};
  // A broker that knows no session for long would be asked without a pause.
  hello_at_ = opened_ + hello_again <= now ? now : now + hello_again;
  id_ = config_.draw_id();
  state_ = State::greeting;
  open_ = true;
  opened_ = now;
}

void ClientSession::fail(SessionError error) {
  error_ = std::move(error);
  state_ = State::failed;
}

Time ClientSession::alive_until() const {
  return std::min(last_news_, last_sent_) + session_timeout;
}

Time ClientSession::reopen_at() const { return std::max(last_news_, opened_) + session_timeout; }

Time ClientSession::give_up_at() const {
  if (closed_)
    return std::min(closed_time_ + longest_close,
                    deadline_after(std::max(closed_time_, at_work_), config_.leave_within));
  if (ever_welcomed_ || full_) return never;
  return deadline_after(started_, config_.connect_timeout);
}

/// What is still to be confirmed waits for room at the broker: there may be none for long.
bool ClientSession::held() const {
  const auto& said = confirm_.producer;
  const auto puts = said.put_held == Held::storage ? said.put_confirmed : said.put_received;
  return (closed_ && said.put_held != Held::nothing && puts < *closed_) ||
         (confirm_.print_held != Held::nothing && control_.sent() < control_.last());
}

/// Who owes nothing leaves without a broker that does not answer.
Time ClientSession::leave_at() const {
  if (!closed_ || owes_) return never;
  return full_ ? closed_time_ : last_news_ + silence;
}

void ClientSession::tick(Time now, Outbox& out) {
  if (over() || state_ == State::idle) return;
  note_pause(now);
  excuse_own_pause(now);
  if (now >= leave_at()) {
    state_ = State::ended;
    return;
  }
  if (now >= give_up_at()) {
    if (closed_)
      fail({SessionError::Kind::close_unconfirmed, Refusal::none,
            "the broker did not confirm the end of this session"});
    else
      fail({SessionError::Kind::unreachable, Refusal::none, "no broker answered"});
    return;
  }
  if (now >= reopen_at()) {
    if (shutdown_ && closed_) {
      state_ = State::ended;  // it went down before it could answer
      return;
    }
    open_ = true;
    opened_ = now;
    if (established()) heartbeat_soon();
    if (state_ == State::greeting) hello_at_ = now;
  }
  if (open_) out.requests.push_back({SocketRequest::Kind::open, id_, 0, 0});
  open_ = false;
}

Time ClientSession::next_deadline() const {
  if (over() || state_ == State::idle) return never;
  if (open_) return Time::min();
  const Time said = established() ? heartbeat_at_ : hello_at_;
  return std::min({said, reopen_at(), give_up_at(), leave_at()});
}

// --- what goes out -------------------------------------------------------------------------------

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
  hello.run = config_.role == Role::producer ? run_ : SessionId{};
  hello.begun = config_.role == Role::producer && ever_welcomed_;
  hello.feed_position = greeting.feed_position;
  hello.previous = previous_;
  hello.reclaims = items_in(greeting.reclaims);
  if (previous_) hello.last_put = greeting.last_put;
  reclaims_ = greeting.reclaims;
  const Header header{MessageType::hello, 0, {}, id_, {}};
  out.messages.push_back({TargetEndpoint::control, encode_json(header, to_json(hello))});
  last_sent_ = now;
  hello_at_ = now + (full_ ? refused_again : hello_again);
}

void ClientSession::send_heartbeat(Time now, Heartbeat mine, Outbox& out) {
  mine.control_sent = control_.sent();
  mine.rewind = rewind_;
  rewind_ = false;
  out.messages.push_back(
      {TargetEndpoint::control,
       encode_heartbeat({MessageType::heartbeat, 0, broker_instance_, id_, {}}, mine)});
  last_sent_ = now;
  heartbeat_at_ =
      now + (now - last_news_ > heartbeat_at_latest ? heartbeat_in_silence : heartbeat_at_latest);
}

void ClientSession::append_close_entry() {
  append(entry_head_size + 8, 0, [this](std::string& out) { append_close(out, *closed_); });
  close_appended_ = true;
}

void ClientSession::flush(Time now, Outbox& out) {
  if (!established()) return;
  if (closed_ && !close_appended_) append_close_entry();
  while (control_.has_unsent() && control_.sent_bytes() < control_window_bytes) {
    auto* block = control_.next_to_send(now);
    out.messages.push_back({TargetEndpoint::control,
                            make_message(*block, MessageType::control, broker_instance_, id_)});
  }
}

void ClientSession::check_invariants() const {
  control_.check_invariants();
  ensure((state_ == State::failed) == error_.has_value());
  ensure(!close_appended_ || closed_);
  ensure(state_ != State::greeting || !closed_ || ever_welcomed_);
  ensure(!established() || ever_welcomed_);
}

}  // namespace baton::internal
