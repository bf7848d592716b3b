// Clients that heed no credit, while others go about their work.
#include <doctest/doctest.h>

#include <csignal>

#include "tests/e2e/bystanders.hpp"
#include "tests/e2e/inspect.hpp"
#include "tests/e2e/stranger.hpp"

using namespace baton;
using namespace baton::e2e;

namespace {

constexpr int rogues = 20, messages = 64;
constexpr std::size_t a_megabyte = 1u << 20;

/// Each rogue sends message after message, 64 MB in all, and is cut off. Nobody else is disturbed.
template <class Send>
void check_cut_off(const Args& args, Role role, Send send) {
  Broker broker(args);
  Bystanders bystanders(broker);
  REQUIRE(bystanders.all_at_work());
  const auto before = broker.process().memory();
  for (int i = 0; i < rogues; ++i) {
    Stranger rogue(broker, role);
    for (std::uint64_t n = 1; n <= messages; ++n) send(rogue, Number{n});
    CHECK(rogue.refused() == "over_credit");
  }
  const auto rounds = bystanders.rounds();
  CHECK(eventually(broker.process(), [&] { return bystanders.rounds() > rounds; }));
  const auto memory = broker.process().memory();
  MESSAGE("broker's memory, MB: before ", before >> 20, ", after ", memory >> 20);
  CHECK((memory < before + (64u << 20) || !memory_counts));
  bystanders.check_undisturbed();
  broker.process().signal(SIGTERM);
  CHECK(broker.process().wait() == 0);
  CHECK(broker.process().err().text().find("over_credit") != std::string::npos);
}

}  // namespace

TEST_CASE("rogue: who puts past the window is cut off, and takes no memory") {
  std::string item;
  append_item(item, {default_priority, 0, std::string(a_megabyte, 'x')});
  check_cut_off({"--max-bytes", "1M"}, Role::producer,
                [&](Stranger& rogue, Number number) { rogue.put(rogue.message(MessageType::put, 1, number, item)); });
}

TEST_CASE("rogue: who says past the window is cut off, and takes no memory") {
  std::string block;
  append_say(block, {0, 1, std::string(a_megabyte - 1, 'x') + "\n"});
  check_cut_off({"--console-keep", "1M"}, Role::consumer, [&](Stranger& rogue, Number number) {
    rogue.control(rogue.message(MessageType::control, 1, number, block));
  });
}
