// What waits at an endpoint, by connection.
#include "broker/backlog.hpp"

#include <doctest/doctest.h>

#include <string>

namespace baton::internal::broker::test {
namespace {

using Push = Backlog::Push;

constexpr std::size_t most = 1u << 20;
const char connections[] = "abc";
constexpr Backlog::Connection rick = connections, morty = connections + 1, summer = connections + 2;

zmq::message_t message(const std::string& text) { return zmq::message_t(text); }
zmq::message_t kilobytes(std::size_t n) { return zmq::message_t(n << 10); }

std::string next(Backlog& backlog, Duration takes = 1ms) {
  const auto popped = backlog.pop();
  if (!popped) return "nothing";
  backlog.took(takes);
  return popped->to_string();
}

TEST_CASE("backlog: connections take turns, each in its own order") {
  Backlog backlog(most, most);
  for (const char* text : {"r1", "r2", "r3"})
    CHECK(backlog.push(rick, message(text)) == Push::queued);
  CHECK(backlog.push(morty, message("m1")) == Push::queued);
  CHECK(next(backlog) == "r1");
  CHECK(next(backlog) == "m1");
  CHECK(backlog.push(morty, message("m2")) == Push::queued);
  CHECK(next(backlog) == "m2");  // the same time as r2
  CHECK(next(backlog) == "r2");
  CHECK(next(backlog) == "r3");
  CHECK(next(backlog) == "nothing");
  CHECK(backlog.empty());
  CHECK(backlog.bytes() == 0);
}

TEST_CASE("backlog: whose messages take long gives way to all those of others") {
  Backlog backlog(most, most);
  for (int i = 0; i < 10; ++i) backlog.push(rick, message("long"));
  for (int i = 0; i < 10; ++i) backlog.push(morty, message("short"));
  CHECK(next(backlog, 10ms) == "long");
  for (int i = 0; i < 10; ++i) CHECK(next(backlog, 100us) == "short");
  CHECK(next(backlog, 10ms) == "long");
  CHECK(backlog.push(morty, message("short")) ==
        Push::queued);  // it has saved nothing up meanwhile, and owes nothing
  CHECK(next(backlog, 100us) == "short");
  CHECK(next(backlog, 10ms) == "long");
}

TEST_CASE("backlog: who fills it loses what is his own, and nobody else's") {
  Backlog backlog(most, most);
  int in = 0;
  for (int i = 0; i < 15; ++i) in += backlog.push(rick, kilobytes(64)) == Push::queued ? 1 : 0;
  CHECK(in == 15);
  CHECK(backlog.push(morty, kilobytes(64)) == Push::queued);
  CHECK(backlog.push(rick, kilobytes(60)) == Push::no_room);
  for (int i = 0; i < 6; ++i) CHECK(backlog.push(morty, kilobytes(64)) == Push::queued);
  CHECK(backlog.bytes() <= 2 * most);
}

TEST_CASE(
    "backlog: a connection that has too much is told of once, and what waits of it is forgotten") {
  Backlog backlog(most, most / 4);
  for (int i = 0; i < 3; ++i) CHECK(backlog.push(rick, kilobytes(64)) == Push::queued);
  CHECK(backlog.push(rick, kilobytes(64)) == Push::too_much);
  CHECK(backlog.bytes() < 65u << 10);
  CHECK(backlog.push(rick, message("r")) == Push::no_room);
  CHECK(backlog.push(morty, message("m")) == Push::queued);
  CHECK(next(backlog).size() == 64u << 10);
  CHECK(next(backlog) == "m");
  CHECK(backlog.empty());
}

TEST_CASE("backlog: a crowd takes no more than twice as much, and one message") {
  Backlog backlog(most, most);
  static const char names[1000] = {};
  for (std::size_t i = 0; i < 20'000; ++i)
    backlog.push(names + i % 1000, kilobytes(i % 3 == 0 ? 900 : 1));
  CHECK(backlog.bytes() <= 2 * most + (900u << 10) + 128);
}

TEST_CASE("backlog: there is room again when others have been dealt with") {
  Backlog backlog(most, most);
  for (int i = 0; i < 15; ++i) backlog.push(rick, kilobytes(64));
  CHECK(backlog.push(summer, kilobytes(900)) == Push::no_room);
  while (!backlog.empty()) next(backlog);
  CHECK(backlog.push(summer, kilobytes(900)) == Push::queued);
}

}  // namespace
}  // namespace baton::internal::broker::test
