// Who holds which topic of notifications.
#include "broker/notification_topics.hpp"

#include <doctest/doctest.h>

#include "proto/limits.hpp"

namespace baton::internal::broker::test {
namespace {

SessionId topic(std::uint16_t n) {
  SessionId id;
  id.bytes = {static_cast<std::uint8_t>(n >> 8), static_cast<std::uint8_t>(n)};
  return id;
}

const char connections[] = "abc";
constexpr NotificationTopics::Connection rick = connections, morty = connections + 1,
                                         gone = nullptr;

TEST_CASE(
    "notifications: a connection holds as many topics as it may, and others when it gives some "
    "up") {
  NotificationTopics topics;
  for (std::uint16_t n = 0; n < topics_per_connection; ++n) CHECK(topics.arrives(topic(n), rick));
  CHECK_FALSE(topics.arrives(topic(100), rick));
  CHECK(topics.arrives(topic(100), morty));
  CHECK(topics.leaves(topic(2), rick));
  CHECK(topics.arrives(topic(101), rick));
}

TEST_CASE("notifications: a topic is held once by each connection, however often it asks") {
  NotificationTopics topics;
  CHECK(topics.arrives(topic(1), rick));
  CHECK_FALSE(topics.arrives(topic(1), rick));
  CHECK(topics.arrives(topic(1), morty));
  CHECK(topics.leaves(topic(1), rick));
  CHECK_FALSE(topics.leaves(topic(1), rick));
  CHECK(topics.leaves(topic(1), morty));
}

TEST_CASE("notifications: no connection gives up a topic that it does not hold") {
  NotificationTopics topics;
  CHECK(topics.arrives(topic(1), rick));
  CHECK_FALSE(topics.leaves(topic(1), morty));
  CHECK_FALSE(topics.leaves(topic(2), rick));
  CHECK_FALSE(topics.leaves(topic(2), gone));
  CHECK(topics.leaves(topic(1), rick));
}

TEST_CASE(
    "notifications: of a topic's connections that end the oldest goes first, and nothing is left "
    "of them") {
  NotificationTopics topics;
  CHECK(topics.arrives(topic(1), rick));
  CHECK(topics.arrives(topic(1), morty));
  CHECK(topics.arrives(topic(2), morty));
  CHECK(topics.leaves(topic(1), gone));
  CHECK(topics.arrives(topic(1), rick));
  for (const auto n : {1, 1, 2}) CHECK(topics.leaves(topic(static_cast<std::uint16_t>(n)), gone));
  CHECK_FALSE(topics.leaves(topic(1), gone));
  CHECK(topics.topics() == 0);
  CHECK(topics.connections() == 0);
}

}  // namespace
}  // namespace baton::internal::broker::test
