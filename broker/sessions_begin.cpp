// How sessions begin: hello and subscription, and the places there are.
#include <algorithm>
#include <utility>

#include "broker/sessions.hpp"

namespace baton::internal::broker {
namespace {

// Sessions without a subscription whose hello is kept.
constexpr std::size_t most_pending = 2000;

}  // namespace

bool Sessions::subscribed(const SessionId& topic, Time now) {
  const auto found = sessions_.find(topic);
  // Strangers' topics are bounded, and keep no client out: a client whose hello is here is not a
  // stranger.
  if (found == sessions_.end() && subscriptions_.size() > 10 * std::size_t{settings_.max_sessions})
    return false;
  ++subscriptions_[topic];
  if (found == sessions_.end()) return true;
  auto& session = *found->second;
  session.left_at = never;
  if (session.state == Session::State::established)
    changed(session);  // the confirm has everything it missed
  begin_if_ready(session, now);
  return true;
}

void Sessions::unsubscribed(const SessionId& topic, Time now) {
  const auto count = subscriptions_.find(topic);
  if (count == subscriptions_.end() || --count->second > 0) return;
  subscriptions_.erase(count);
  const auto found = sessions_.find(topic);
  if (found == sessions_.end()) return;
  found->second->left_at = now;
  look_at_ = std::min(look_at_, now + reconnect_grace);
}

Session* Sessions::find(const SessionId& id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || found->second->state != Session::State::established)
    return nullptr;
  return found->second.get();
}

Refusal Sessions::hello(const SessionId& id, Hello hello, Time now) {
  if (ended_sessions_.find(id)) return Refusal::unknown_session;
  const auto found = sessions_.find(id);
  if (found != sessions_.end()) {
    auto& session = *found->second;
    session.heard_at = now;
    if (session.state == Session::State::established) {
      send(id, encode_json(header_for(id, MessageType::welcome), to_json(session.welcome)));
      changed(session);
    }
    // Only sent when the client asks again: usually the wait is over by then.
    return role_of(session).holds_back(id) ? Refusal::not_yet : Refusal::none;
  }
  if (!has_place_for(hello, now)) return Refusal::sessions_full;
  if (const auto refusal = roles_[static_cast<std::size_t>(hello.role)]->admit(hello);
      refusal != Refusal::none)
    return refusal;
  auto& session = *(sessions_[id] = std::make_unique<Session>());
  session.id = id;
  session.hello = std::move(hello);
  session.heard_at = now;
  look_at_ = std::min(look_at_, now + session_timeout);
  begin_if_ready(session, now);
  if (session.state == Session::State::pending) pending_sessions_.push_back(id);
  if (pending_sessions_.size() > most_pending) forget_oldest_pending();
  return Refusal::none;
}

/// A returning client takes the place of a new one that holds nothing; if there is none it is
/// admitted beyond the limit. There can be more of them than places, since clients replaced under
/// the previous broker were its clients, too.
bool Sessions::has_place_for(const Hello& hello, Time now) {
  if (alive() < settings_.max_sessions) return true;
  if (!host_.comes_back(hello)) return false;
  make_place(now);
  return alive() < 2 * std::size_t{settings_.max_sessions};
}

void Sessions::make_place(Time now) {
  const auto newcomer = std::find_if(sessions_.begin(), sessions_.end(), [this](const auto& entry) {
    const auto& session = *entry.second;
    const bool idle = session.consumer.held + session.consumer.reclaims.left == 0 &&
                      session.consumer.reclaims.puts.empty();
    return session.state != Session::State::ended && idle && !host_.comes_back(session.hello);
  });
  if (newcomer == sessions_.end()) return;
  refuse(newcomer->first, Refusal::sessions_full, host_.why_full(), now);
  end(*newcomer->second, {}, now);
}

/// A session with a hello and no subscription is a stranger's, or its hello will be repeated.
void Sessions::forget_oldest_pending() {
  std::erase_if(pending_sessions_, [this](const SessionId& id) {
    const auto found = sessions_.find(id);
    return found == sessions_.end() || found->second->state != Session::State::pending;
  });
  for (; pending_sessions_.size() > most_pending; pending_sessions_.pop_front())
    sessions_.erase(pending_sessions_.front());
}

void Sessions::begin_if_ready(const SessionId& id, Time now) {
  if (const auto found = sessions_.find(id); found != sessions_.end())
    begin_if_ready(*found->second, now);
}

void Sessions::begin_if_ready(Session& session, Time now) {
  if (session.state != Session::State::pending || !subscriptions_.contains(session.id)) return;
  if (!role_of(session).may_begin(session, now)) return;
  session.state = Session::State::established;
  session.serial = ++serials_;
  auto& welcome = session.welcome;
  welcome.broker = settings_.broker;
  welcome.host = settings_.host;
  welcome.durable = settings_.durable;
  welcome.max_attempts = settings_.max_attempts;
  resume_from_previous(session, now);
  role_of(session).begin(session, now);
  send(session.id, encode_json(header_for(session.id, MessageType::welcome), to_json(welcome)));
  changed(session);
}

/// What the client's earlier session left behind: how much of its control stream was received, and
/// which items it may reclaim.
void Sessions::resume_from_previous(Session& session, Time now) {
  if (!session.hello.previous || session.hello.previous->broker_instance != broker_instance_)
    return;
  const auto& previous = *session.hello.previous;
  if (auto* old = find(previous.session); old && old != &session)
    end(*old, {}, now);  // the client says itself that it is over
  const auto* ended = ended_sessions_.find(previous.session);
  if (!ended) return;
  ended_sessions_.renew(previous.session, now);
  session.welcome.previous_control = ended->control_received;
  session.consumer.reclaims.of = ended->serial;
  session.consumer.reclaims.mark = ended->why;
}

}  // namespace baton::internal::broker
