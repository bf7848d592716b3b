// What waits at a door, by connection.
#include "broker/backlog.hpp"

#include <doctest/doctest.h>

#include <string>

namespace baton::broker::test {
namespace {

constexpr std::size_t most = 1u << 20;
const char connections[] = "abc";
constexpr Backlog::Connection rick = connections, morty = connections + 1, summer = connections + 2;

zmq::message_t message(const std::string& text) { return zmq::message_t(text); }
zmq::message_t kilobytes(std::size_t n) { return zmq::message_t(n << 10); }

std::string next(Backlog& backlog) {
  const auto popped = backlog.pop();
  return popped ? popped->to_string() : "nothing";
}

TEST_CASE("backlog: connections take turns, each in its own order") {
  Backlog backlog(most);
  for (const char* text : {"r1", "r2", "r3"}) CHECK(backlog.push(rick, message(text)));
  CHECK(backlog.push(morty, message("m1")));
  CHECK(next(backlog) == "r1");
  CHECK(next(backlog) == "m1");
  CHECK(backlog.push(morty, message("m2")));
  CHECK(next(backlog) == "r2");
  CHECK(next(backlog) == "m2");
  CHECK(next(backlog) == "r3");
  CHECK(next(backlog) == "nothing");
  CHECK(backlog.empty());
  CHECK(backlog.bytes() == 0);
}

TEST_CASE("backlog: who fills it loses what is his own, and nobody else's") {
  Backlog backlog(most);
  int in = 0;
  for (int i = 0; i < 100; ++i) in += backlog.push(rick, kilobytes(64)) ? 1 : 0;
  CHECK(in == 15);
  CHECK(backlog.push(morty, message("m1")));
  CHECK_FALSE(backlog.push(rick, kilobytes(64)));
  for (int i = 0; i < 6; ++i) CHECK(backlog.push(morty, kilobytes(64)));
  CHECK(backlog.bytes() <= 2 * most);
}

TEST_CASE("backlog: a crowd takes no more than twice as much, and one message") {
  Backlog backlog(most);
  static const char names[1000] = {};
  for (std::size_t i = 0; i < 20'000; ++i) backlog.push(names + i % 1000, kilobytes(i % 3 == 0 ? 900 : 1));
  CHECK(backlog.bytes() <= 2 * most + (900u << 10) + 128);
}

TEST_CASE("backlog: there is room again when others have been dealt with") {
  Backlog backlog(most);
  while (backlog.push(rick, kilobytes(64))) {
  }
  CHECK_FALSE(backlog.push(summer, kilobytes(900)));
  while (!backlog.empty()) backlog.pop();
  CHECK(backlog.push(summer, kilobytes(900)));
}

}  // namespace
}  // namespace baton::broker::test
