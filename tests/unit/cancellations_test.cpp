// Cancellations that cross answers on their way: what a consumer makes of them, against a broker
// that keeps its books exactly.
#include <doctest/doctest.h>

#include <deque>
#include <random>

#include "consumer/delivery_link.hpp"

using namespace baton::internal;

namespace {

struct Entry {
  enum class What { request, cancel_requests } what;
  std::uint64_t number;  // requests in all; requests taken back
};

/// A link and the broker's books for it, with what is on its way between the two. Each way keeps
/// its order.
struct Crossing {
  DeliveryLink link;
  std::uint64_t requested = 0, answered = 0;  // the broker's
  std::deque<Entry> to_broker;
  std::deque<bool> to_link;  // whether it is `empty`

  Crossing() {
    link.offered(1, 9000, Time{});
    link.connected();
  }

  void want(std::uint64_t want) {
    if (want > link.outstanding())
      to_broker.push_back({Entry::What::request, link.request(want - link.outstanding())});
    if (want >= link.outstanding()) return;
    const auto surplus = static_cast<std::uint32_t>(link.outstanding() - want);
    link.cancel_requests(surplus);
    to_broker.push_back({Entry::What::cancel_requests, surplus});
  }
  void answer(bool none) {
    ++answered;
    to_link.push_back(none);
  }
  void give() {
    if (answered < requested) answer(false);
  }
  void broker_reads() {
    const auto entry = to_broker.front();
    to_broker.pop_front();
    if (entry.what == Entry::What::request) requested = entry.number;
    if (entry.what == Entry::What::cancel_requests)
      for (auto left = entry.number; left > 0 && answered < requested; --left) answer(true);
  }
  void link_reads() {
    to_link.front() ? link.none() : link.delivery();
    to_link.pop_front();
    link.check_invariants();
  }
  bool cancelled() const { return link.cancellations().over(link.cancellations().sent()); }
};

}  // namespace

TEST_CASE(
    "cancel: requests that follow one that found too little to take back do not keep it open") {
  Crossing crossing;
  crossing.want(5);
  crossing.broker_reads();
  for (int i = 0; i < 3; ++i) crossing.give();
  crossing.want(0);  // takes five back, of which three are answered already
  crossing.want(5);
  while (!crossing.to_broker.empty()) crossing.broker_reads();
  while (!crossing.to_link.empty()) crossing.link_reads();
  CHECK(crossing.cancelled());
  CHECK(crossing.link.outstanding() == 5);
  CHECK(crossing.requested - crossing.answered == 5);
}

TEST_CASE("cancel: each is over with its own answers, not with those of later ones") {
  Crossing crossing;
  crossing.want(2);
  crossing.want(0);
  const auto first = crossing.link.cancellations().sent();
  crossing.want(2);
  crossing.want(1);
  while (!crossing.to_broker.empty()) crossing.broker_reads();
  REQUIRE(crossing.to_link.size() == 3);
  crossing.link_reads();
  CHECK_FALSE(crossing.link.cancellations().over(first));
  crossing.link_reads();
  CHECK(crossing.link.cancellations().over(first));
  CHECK_FALSE(crossing.cancelled());
  crossing.link_reads();
  CHECK(crossing.cancelled());
}

TEST_CASE("cancel: a delivery link that is lost answers all of them") {
  Crossing crossing;
  crossing.want(4);
  crossing.want(1);
  CHECK_FALSE(crossing.cancelled());
  const auto ticket = crossing.link.cancellations().sent();
  SUBCASE("the delivery link") { crossing.link.lose(1); }
  SUBCASE("with its session") { crossing.link.reset(); }
  CHECK(crossing.link.cancellations().over(ticket));
  CHECK(crossing.link.cancellations().most() == 0);
}

TEST_CASE("cancel: whatever crosses, both sides come to the same") {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    Crossing crossing;
    const auto most = 1 + random() % 12;
    for (int step = 0; step < 400; ++step) {
      const auto what = random() % 8;
      if (what < 3) crossing.want(random() % (most + 1));
      if (what == 3) crossing.give();
      if (what == 4 || what == 5) {
        if (!crossing.to_broker.empty()) crossing.broker_reads();
      }
      if (what > 5 && !crossing.to_link.empty()) crossing.link_reads();
      if (crossing.to_broker.empty())
        REQUIRE(crossing.link.outstanding() >= crossing.requested - crossing.answered);
    }
    while (!crossing.to_broker.empty()) crossing.broker_reads();
    while (!crossing.to_link.empty()) crossing.link_reads();
    REQUIRE(crossing.cancelled());
    REQUIRE(crossing.link.outstanding() == crossing.requested - crossing.answered);
  }
}
