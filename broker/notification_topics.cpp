#include "broker/notification_topics.hpp"

#include <algorithm>
#include <utility>

#include "proto/limits.hpp"

namespace baton::internal::broker {

bool NotificationTopics::holds(const SessionId& topic, Connection connection) const {
  const auto found = holders_.find(topic);
  return found != holders_.end() &&
         std::any_of(found->second.begin(), found->second.end(),
                     [&](const auto& holder) { return holder.connection == connection; });
}

bool NotificationTopics::may_arrive(const SessionId& topic, Connection connection) const {
  const auto held = held_.find(connection);
  return held == held_.end() || (held->second < topics_per_connection && !holds(topic, connection));
}

bool NotificationTopics::arrives(const SessionId& topic, Connection connection,
                                 zmq::message_t&& keeper) {
  if (!may_arrive(topic, connection)) return false;
  holders_[topic].push_back({connection, std::move(keeper)});
  ++held_[connection];
  return true;
}

bool NotificationTopics::leaves(const SessionId& topic, Connection connection) {
  const auto found = holders_.find(topic);
  if (found == holders_.end()) return false;
  auto& holders = found->second;
  const auto leaver = std::find_if(holders.begin(), holders.end(), [&](const auto& holder) {
    return !connection || holder.connection == connection;
  });
  if (leaver == holders.end()) return false;
  const auto held = held_.find(leaver->connection);
  if (--held->second == 0) held_.erase(held);
  holders.erase(leaver);
  if (holders.empty()) holders_.erase(found);
  return true;
}

}  // namespace baton::internal::broker
