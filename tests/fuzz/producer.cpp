// A producer's session with a hostile broker: puts within its credit, joins, leaves.
#include "producer/producer_session.hpp"
#include "proto/ensure.hpp"
#include "tests/fuzz/hostile_broker.hpp"

namespace baton::internal::fuzz {
namespace {

void put(ProducerSession& session, Script& script) {
  if (!session.may_put()) return;
  const auto priority = static_cast<std::uint8_t>(script.below(10));
  session.put({priority, static_cast<std::uint32_t>(script.below(2)), script.bytes()});
}

void use(ProducerSession& session, Script& script, Time now) {
  switch (script.below(8)) {
    case 0:
      return session.join();
    case 1:
      if (session.may_print()) session.print(script.bytes());
      return;
    case 2:
      if (script.below(8) == 7) session.close(now);
      return;
    case 3:
      if (session.joined()) ensure(session.flushed());
      session.settled();
      session.why_wait(now);
      return;
    default:
      return put(session, script);
  }
}

}  // namespace
}  // namespace baton::internal::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace baton::internal::fuzz;
  Script script(view_of(data, size));
  auto config = config_of(baton::internal::Role::producer);
  config.named = script.below(2) == 1;
  baton::internal::ProducerSession session(config);
  run_session(session, script,
              [&](Script& part, baton::internal::Time now) { use(session, part, now); });
  return 0;
}
