// What is remembered of sessions that ended: their clients may come back in new ones, or ask again
// for the end.
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
  std::string why;  ///< as in the history of the items that it lost; empty when it left by close
  std::uint32_t serial;
  bool left;  ///< as its close asked: it is told so again
};

/// Each for ended_ttl, as long as there are not too many.
class EndedSessions {
 public:
  void remember(const SessionId& id, EndedSession session, Time now) {
    by_id_[id] = {std::move(session), now + ended_ttl};
    order_.push_back(id);
    for (; order_.size() > most; order_.pop_front()) by_id_.erase(order_.front());
  }
  /// nullptr: it is not remembered. Valid until the next call.
  const EndedSession* find(const SessionId& id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : &found->second.first;
  }
  /// It is remembered for as long again: its client may not hear what it is told, and ask again.
  void renew(const SessionId& id, Time now) { by_id_.at(id).second = now + ended_ttl; }
  void forget_old(Time now) {
    std::erase_if(by_id_, [now](const auto& one) { return one.second.second <= now; });
    std::erase_if(order_, [this](const SessionId& id) { return !by_id_.contains(id); });
  }

 private:
  static constexpr std::size_t most = 100'000;

  std::unordered_map<SessionId, std::pair<EndedSession, Time>> by_id_;
  std::deque<SessionId> order_;  // by when they ended; some may have been forgotten
};

}  // namespace baton::internal::broker
