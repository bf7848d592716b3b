// What is remembered of ended sessions: their clients may come back in new ones, or repeat their
// close.
#pragma once

#include <deque>
#include <string>
#include <unordered_map>
#include <utility>

#include "proto/deadline.hpp"
#include "proto/ids.hpp"
#include "proto/limits.hpp"

namespace baton::internal::broker {

struct EndedSession {
  SeqNo control_received;
  std::string why;  ///< as recorded with the items it lost; empty after a close
  std::uint32_t serial;
  bool left;  ///< it closed, and is told so again
};

/// Each is remembered for ended_ttl, at most `most` of them.
class EndedSessions {
 public:
  void remember(const SessionId& id, EndedSession session, Time now) {
    by_id_[id] = {std::move(session), now + ended_ttl};
    order_.push_back(id);
    for (; order_.size() > most; order_.pop_front()) by_id_.erase(order_.front());
  }
  /// nullptr if it is not remembered. Valid until the next call.
  const EndedSession* find(const SessionId& id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : &found->second.first;
  }
  /// Restarts its ended_ttl: its client may miss the answer and ask again.
  void renew(const SessionId& id, Time now) { by_id_.at(id).second = now + ended_ttl; }
  void forget_old(Time now) {
    std::erase_if(by_id_, [now](const auto& one) { return one.second.second <= now; });
    std::erase_if(order_, [this](const SessionId& id) { return !by_id_.contains(id); });
  }

 private:
  static constexpr std::size_t most = 100'000;

  std::unordered_map<SessionId, std::pair<EndedSession, Time>> by_id_;
  std::deque<SessionId> order_;  // by end; some may be forgotten already
};

}  // namespace baton::internal::broker
