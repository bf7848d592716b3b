// How sessions begin and end.
#include <algorithm>
#include <utility>

#include "broker/core.hpp"
#include "broker/credit.hpp"
#include "broker/rare.hpp"
#include "proto/counted.hpp"

namespace baton::broker {
namespace {

constexpr std::size_t most_greeted = 2000;    // sessions without a subscription, whose hello is kept all the same
constexpr std::size_t most_buried = 100'000;  // sessions that are over and remembered

}  // namespace

namespace {

/// What a client is told in the course of things, such as after the broker's restart: it begins a new session.
bool is_routine(Refusal refusal) {
  return refusal == Refusal::wrong_epoch || refusal == Refusal::unknown_session || refusal == Refusal::not_yet;
}

constexpr Duration claims_again = 100ms;  // between looks whether all claims are in

}  // namespace

bool Core::subscribed(const SessionId& topic, Time now) {
  const auto found = sessions_.find(topic);
  // Strangers' topics are bounded, and keep nobody out: a client whose hello is here is no stranger.
  if (found == sessions_.end() && subscriptions_.size() > 10 * std::size_t{settings_.max_sessions}) return false;
  ++subscriptions_[topic];
  if (found == sessions_.end()) return true;
  auto& session = *found->second;
  session.left_at = never;
  if (session.state == Session::State::standing) changed(session);  // what it missed is in the confirm
  stand_if_ready(session, now);
  return true;
}

void Core::unsubscribed(const SessionId& topic, Time now) {
  const auto count = subscriptions_.find(topic);
  if (count == subscriptions_.end() || --count->second > 0) return;
  subscriptions_.erase(count);
  const auto found = sessions_.find(topic);
  if (found == sessions_.end()) return;
  found->second->left_at = now;
  look_at_ = std::min(look_at_, now + grace);
}

Session* Core::find(const SessionId& id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || found->second->state != Session::State::standing) return nullptr;
  return found->second.get();
}

Refusal Core::hello(const SessionId& id, Hello hello, Time now) {
  if (tombstones_.contains(id)) return Refusal::unknown_session;
  const auto found = sessions_.find(id);
  if (found != sessions_.end()) {
    auto& session = *found->second;
    session.heard_at = now;
    if (session.state == Session::State::standing) {
      send(id, encode_json(header_for(id, MessageType::welcome), to_json(session.welcome)));
      changed(session);
    }
    // Told to who asks again only: mostly it is over by then.
    return waits_to_begin(id) ? Refusal::not_yet : Refusal::none;
  }
  if (!has_place_for(hello, now)) return Refusal::sessions_full;
  if (hello.role == Role::producer && is_late(hello)) return Refusal::unknown_session;
  if (hello.role == Role::producer && is_outdated(hello)) return Refusal::fenced;
  if (hello.role == Role::consumer && hello.claims == 0 && !laneless_.empty()) return Refusal::sessions_full;
  auto& session = *(sessions_[id] = std::make_unique<Session>());
  session.id = id;
  session.hello = std::move(hello);
  session.heard_at = now;
  look_at_ = std::min(look_at_, now + lost_after);
  stand_if_ready(session, now);
  if (session.state == Session::State::greeted) greeted_.push_back(id);
  if (greeted_.size() > most_greeted) forget_oldest_greeted();
  return Refusal::none;
}

/// Who was a client of the broker before this one may hold items, or have put some that are held.
bool Core::comes_back(const Hello& hello) const {
  return stock_.may_claim() && hello.previous && hello.previous->epoch == stock_.epoch_before();
}

/// A client of the broker before takes the place of a newcomer that has nothing in hand; where there is none it comes in as
/// one more: there can be more of them than places, since who made place in that broker's life was its client too.
bool Core::has_place_for(const Hello& hello, Time now) {
  const auto taken = [this] { return sessions_.size() - over_.size(); };
  if (taken() < settings_.max_sessions) return true;
  if (!comes_back(hello)) return false;
  make_place(now);
  return taken() < 2 * std::size_t{settings_.max_sessions};
}

void Core::make_place(Time now) {
  const auto newcomer = std::find_if(sessions_.begin(), sessions_.end(), [this](const auto& entry) {
    const auto& session = *entry.second;
    const bool idle = session.held + session.claims_left == 0 && session.put_claims.empty();
    return session.state != Session::State::over && idle && !comes_back(session.hello);
  });
  if (newcomer == sessions_.end()) return;
  refuse(newcomer->first, Refusal::sessions_full, why_full(), now);
  end(*newcomer->second, {}, now);
}

bool Core::waits_to_begin(const SessionId& id) const {
  return std::find(beginning_.begin(), beginning_.end(), id) != beginning_.end();
}

/// Who says hello and does not subscribe is a stranger, or says hello again.
void Core::forget_oldest_greeted() {
  std::erase_if(greeted_, [this](const SessionId& id) {
    const auto found = sessions_.find(id);
    return found == sessions_.end() || found->second->state != Session::State::greeted;
  });
  for (; greeted_.size() > most_greeted; greeted_.pop_front()) sessions_.erase(greeted_.front());
}

std::string Core::why_full() const {
  if (sessions_.size() < settings_.max_sessions) return no_lane;
  return std::to_string(settings_.max_sessions) + " at most";
}

void Core::stand_if_ready(Session& session, Time now) {
  if (session.state != Session::State::greeted || !subscriptions_.contains(session.id)) return;
  if (session.is(Role::producer) && !may_begin(session, now)) return;
  session.state = Session::State::standing;
  session.serial = ++serials_;
  session.told.set_credit({UINT64_MAX}, UINT64_MAX);
  auto& welcome = session.welcome;
  welcome.broker = settings_.broker;
  welcome.host = settings_.host;
  welcome.keeps = settings_.keeps;
  welcome.max_attempts = settings_.max_attempts;
  for (const auto& name : session.hello.queues) stock_.use(*session.queues.emplace_back(&stock_.queue(name)));
  resume_from_previous(session, now);
  switch (session.hello.role) {
    case Role::producer:
      stand_producer(session, now);
      break;
    case Role::consumer:
      stand_consumer(session);
      break;
    case Role::printer:
      stand_printer(session, now);
      break;
  }
  send(session.id, encode_json(header_for(session.id, MessageType::welcome), to_json(welcome)));
  changed(session);
}

/// What the client's earlier session left behind: how much of its control stream came in, and whose items it may claim.
void Core::resume_from_previous(Session& session, Time now) {
  if (!session.hello.previous) return;
  const auto& previous = *session.hello.previous;
  session.claims_left = session.is(Role::consumer) ? session.hello.claims : 0;
  session.claims_kept = previous.epoch == stock_.epoch_before() && previous.epoch != Epoch{};
  if (previous.epoch != epoch_) return;
  if (auto* old = find(previous.session); old && old != &session)
    end(*old, {}, now);  // it says itself that this is over
  const auto tombstone = tombstones_.find(previous.session);
  if (tombstone == tombstones_.end()) return;
  tombstone->second.until =
      now + ended_kept;  // its client may not hear this session's welcome, and then names it again
  session.welcome.previous_control = tombstone->second.control_received;
  session.claims_of = tombstone->second.serial;
  session.claims_mark = tombstone->second.why;
}

/// A session that holds items of the broker before this one is here, and has not said yet which.
bool Core::somebody_claims() const {
  return std::any_of(sessions_.begin(), sessions_.end(), [](const auto& entry) {
    const auto& session = *entry.second;
    return session.state == Session::State::standing && session.claims_kept && session.claims_left > 0;
  });
}

/// When the time for claims is over, kept items go to whoever asks.
void Core::judge_claims(Time now) {
  if (!stock_.may_claim() || stopping_since_ != never) return;
  if (claims_until_ == never) {  // loading took its time; clients come from now on
    claims_until_ = now + claims_within;
    claims_at_latest_ = now + claims_at_latest;
  }
  if (now < claims_until_) return;
  if (now < claims_at_latest_ && somebody_claims())
    claims_until_ = std::min(now + claims_again, claims_at_latest_);
  else
    stock_.wait_for_claims(false);
}

/// Whether a newer process of this name has come since this one was welcomed. Where that one was welcomed, but neither it
/// nor its numbers are here (their broker died before they were kept), the older one may go on. One that this broker has
/// welcomed itself, by a hello that was under way since before the end of the last broker, may have others' puts where it has
/// its own.
bool Core::is_outdated(const Hello& hello) {
  const auto* producer = stock_.find_producer(hello.name);
  if (!producer || !producer->named || !hello.begun) return false;
  if (producer->run == hello.run) return hello.first_put <= producer->began;
  return producer->session || producer->put.received() >= hello.first_put;
}

/// A hello that was under way for long: its process has begun, and has another session by now.
bool Core::is_late(const Hello& hello) {
  const auto* producer = hello.begun ? nullptr : stock_.find_producer(hello.name);
  return producer && producer->session && producer->session->hello.begun && producer->session->hello.run == hello.run;
}

/// A new process of a name goes on behind what others have put, by what is remembered of it: that must stand still, and be
/// kept, since it could not put again what is lost. It may have said hello before and heard no welcome.
bool Core::may_begin(Session& session, Time now) {
  const auto& hello = session.hello;
  const auto* producer = stock_.find_producer(hello.name);
  if (is_outdated(hello)) {  // a newer one has come while this one's subscription was on its way
    refuse(session.id, Refusal::fenced, {}, now);
    end(session, {}, now);
    return false;
  }
  if (!producer || hello.begun) return true;
  if (producer->session) {
    refuse(producer->session->id, Refusal::fenced, {}, now);
    producer = stock_.find_producer(hello.name);
  }
  if (!producer || producer->confirmed == producer->put.received()) return true;
  beginning_.push_back(session.id);
  return false;
}

void Core::begin_waiting(Time now) {
  for (const auto& id : std::exchange(beginning_, {}))
    if (const auto found = sessions_.find(id); found != sessions_.end()) stand_if_ready(*found->second, now);
}

/// What a broker before this one had confirmed, and is not in this one's data. Of a producer that is not there at all, all may
/// have been settled, and its numbers forgotten, if it is the same data.
std::uint64_t Core::unknown_puts(const Hello& hello) {
  if (!settings_.keeps || !hello.previous || hello.previous->epoch == epoch_) return 0;
  const auto* producer = stock_.find_producer(hello.name);
  if (!producer && hello.previous->epoch == stock_.epoch_before()) return 0;
  const auto known = producer ? producer->put.received() : Number{};
  return hello.first_put > known + 1 ? hello.first_put - known - 1 : 0;
}

void Core::stand_producer(Session& session, Time now) {
  const auto& hello = session.hello;
  const auto unknown = unknown_puts(hello);
  auto& producer = stock_.producer(hello.name, hello.named, hello.first_put);
  producer.unknown += unknown;
  producer.lost_at = never;
  producer.said_bye = false;
  if (producer.session) refuse(producer.session->id, Refusal::fenced, {}, now);
  producer.lost_at = never;
  if (hello.first_put > producer.put.received() + 1) producer.put = StreamReceiver(hello.first_put);
  producer.named |= hello.named;
  const bool other_run = std::exchange(producer.run, hello.run) != hello.run;
  if (other_run) producer.began = producer.put.received();
  if (other_run || unknown > 0) stock_.note_changed(producer);
  stock_.note_key(producer);
  producer.sent_before = hello.previous ? hello.last_put : Number{};
  producer.session = &session;
  session.producer = &producer;
  session.credit = producer.put.received();
  if (hello.previous) {
    session.resend_until = producer.put.received() + put_window_items;
    session.resend_bytes = producer.put_bytes + put_window_bytes;
  }
  session.queues.front()->producers.push_back(&session);
  extend_credit(session, settings_);

  if (hello.previous) producer.outcomes.confirm(hello.heard, now);
  producer.outcomes.restart();
  producer.outcomes.set_credit({UINT64_MAX}, UINT64_MAX);
  session.welcome.first_told = producer.outcomes.confirmed() + 1;
  session.welcome.put_received = producer.put.received();
  session.welcome.put_unknown = producer.unknown;
  if (!hello.begun) session.welcome.digests = producer.checkpoints.all();
  if (settings_.exit_when_done && producers_seen_.size() < settings_.producers) producers_seen_.insert(hello.name);
}

void Core::stand_consumer(Session& session) {
  stock_.stands(session);
  open_lane(session);
  if (!session.hello.previous) ++consumers_seen_;
}

/// Where a new printer goes on: at the last block that some printer has printed which is gone, or is about to be. Who
/// starts a killed one again does not wait for its grace to be over.
Number Core::printed_by_gone() const {
  auto printed = printed_;
  for (const auto* printer : printers_)
    if (printer->left_at != never) printed = std::max(printed, printer->printed);
  return printed;
}

void Core::stand_printer(Session& session, Time now) {
  const auto& hello = session.hello;
  const bool goes_on = hello.previous && hello.previous->epoch == epoch_;
  session.printed = std::min(goes_on ? hello.heard : printed_by_gone(), console_.last());
  session.sent = session.printed;
  session.printed_at = now;
  session.welcome.first_told = session.printed + 1;
  printers_.push_back(&session);
}

void Core::unknown(const SessionId& id, Time now) {
  const auto tombstone = tombstones_.find(id);
  if (tombstone == tombstones_.end() || !tombstone->second.left) return refuse(id, Refusal::unknown_session, {}, now);
  Confirm confirm;
  confirm.control_received = tombstone->second.control_received;
  confirm.ended = true;
  send(id, encode_confirm(header_for(id, MessageType::confirm), confirm));
}

void Core::probe(const SessionId& topic) {
  send(topic, encode_json(header_for(topic, MessageType::alive), to_json(Alive{settings_.broker, settings_.host})));
}

void Core::refuse(const SessionId& id, Refusal refusal, const std::string& detail, Time now) {
  const auto count = ++refusals_[static_cast<std::size_t>(refusal)];
  auto text = std::string(meaning(refusal));
  if (!detail.empty()) text += " (" + detail + ")";
  if (worth_a_line(count) && !is_routine(refusal))
    effects_.log.push_back("refused (" + counted(count, "time") + "): " + text + " [session " +
                           to_hex(id).substr(0, 8) + "]");
  if (subscriptions_.contains(id))
    send(id, encode_json(header_for(id, MessageType::refusal), to_json(RefusalNotice{refusal, text})));
  // Who finds no room is not gone: it asks again each second, and the log need not say so.
  if (auto* session = find(id); session && ends_session(refusal))
    end(*session, refusal == Refusal::sessions_full ? std::string() : text, now);
}

/// Of those who claim much that is not theirs, and do not read that it is not.
void Core::bound_untold(Time now) {
  const auto untold = [](const auto& entry) {
    const auto& session = *entry.second;
    return session.state == Session::State::standing ? session.told.last() - session.told.confirmed() : 0;
  };
  while (stock_.untold() > settings_.max_untold) {
    const auto most = std::max_element(sessions_.begin(), sessions_.end(),
                                       [&](const auto& a, const auto& b) { return untold(a) < untold(b); });
    refuse(most->first, Refusal::over_credit, "claims in vain, of which it hears nothing", now);
  }
}

void Core::end(Session& session, const std::string& why, Time now) {
  if (session.state == Session::State::over) return;
  const bool stood = std::exchange(session.state, Session::State::over) == Session::State::standing;
  over_.push_back(session.id);
  if (!stood) return;
  // The session's own mark makes `why` prove, when its client comes back, that it was this session that lost an item.
  const auto mark = why.empty() ? why : why + " [session " + to_hex(session.id).substr(0, 8) + "]";
  bury(session, mark, now);
  if (!why.empty() && !session.said_bye)
    effects_.log.push_back(std::string(name(session.hello.role)) + " " + session.hello.host + "/" +
                           std::to_string(session.hello.pid) + " is gone: " + mark);
  if (session.is(Role::consumer)) {
    stock_.forget_asks(session);
    if (!why.empty()) stock_.doubt(session);
    stock_.give_all_back(session, mark, now);
    stock_.ends(session);
    effects_.lane_changes.push_back({session.id, session.lane_generation, false});
  }
  if (session.is(Role::producer)) {
    return_credit(session);
    stock_.note_room(*session.queues.front());
    auto& producer = *std::exchange(session.producer, nullptr);
    last_puts_.push_back(pending_put(session.id, producer, {}));
    producer.session = nullptr;
    producer.said_bye = session.left;
    producer.lost_at = now;
    stock_.forget_if_settled(producer);
  }
  if (session.is(Role::printer)) {
    printed_ = std::max(printed_, session.printed);
    printer_expected_until_ = std::max(printer_expected_until_, session.printed_at + settings_.printer_stuck);
    std::erase(printers_, &session);
  }
  for (auto* queue : std::exchange(session.queues, {})) stock_.leave(*queue);
}

void Core::bury(const Session& session, const std::string& mark, Time now) {
  tombstones_[session.id] = {session.control_whole(), mark, session.serial, now + ended_kept, session.left};
  buried_.push_back(session.id);
  for (; buried_.size() > most_buried; buried_.pop_front()) tombstones_.erase(buried_.front());
}

void Core::check_liveness(Time now) {
  if (now < look_at_) return;
  look_at_ = never;
  for (auto& [id, session] : sessions_) {
    if (session->state == Session::State::over) continue;
    const auto silent_at = session->heard_at + lost_after;
    const auto gone_at = session->left_at == never ? never : session->left_at + grace;
    if (gone_at <= now)
      end(*session, "its process ended or its connection broke", now);
    else if (silent_at <= now)
      end(*session, "no beat for 3 s", now);
    else
      look_at_ = std::min({look_at_, silent_at, gone_at});
    if (!stock_.may_take_back()) {  // they held much: the others with the next turn
      look_at_ = now;
      return;
    }
  }
}

/// A bye is complete when it is confirmed, and so is the put stream that it names.
void Core::end_complete_byes(Time now) {
  for (std::size_t i = 0; i < changed_.size(); ++i) {
    auto& session = *changed_[i];
    if (!session.said_bye || session.state != Session::State::standing) continue;
    if (session.control_confirmed < session.control.received()) continue;
    if (session.producer && session.producer->confirmed < session.last_put) continue;
    session.left = true;
    end(session, {}, now);
  }
}

void Core::sweep_over(Time now) {
  for (const auto& id : over_) sessions_.erase(id);
  over_.clear();
  if (now < sweep_at_) return;
  sweep_at_ = now + beat_interval;
  std::erase_if(tombstones_, [&](const auto& tombstone) { return tombstone.second.until <= now; });
  std::erase_if(buried_, [&](const SessionId& id) { return !tombstones_.contains(id); });
  stock_.forget_lost_producers(now);
}

}  // namespace baton::broker
