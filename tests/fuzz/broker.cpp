// The broker's message path as a whole, from a frame at an endpoint to what is to be sent: clients
// that keep to the rules in part, raw bytes, connections that come and go, time.
#include "proto/ensure.hpp"
#include "tests/fuzz/script.hpp"
#include "tests/worlds/nonsense.hpp"

namespace baton::internal::fuzz {
namespace {

using broker::test::Nonsense;

constexpr std::uint32_t max_sessions = 8;
constexpr std::uint64_t longest_body = 64 << 10;  // more than any input is long

broker::CoreSettings settings_of(Script& script) {
  broker::CoreSettings settings;
  settings.max_items = 20;
  settings.max_bytes = 1000;
  settings.max_attempts = 2;
  settings.max_sessions = max_sessions;
  settings.console_keep = 1000;
  const auto flags = script.below(8);
  settings.durable = flags & 1;
  settings.end.exit_when_done = flags & 2;
  if (flags & 4) settings.plain_queue = "queue0";
  return settings;
}

/// A frame as it comes, or with a header that fits a session of the last ones.
void send_raw(Nonsense& nonsense, Script& script) {
  auto& dispatcher = nonsense.dispatcher();
  const auto where = script.below(6);
  const auto bytes = script.bytes();
  switch (where) {
    case 0:
      return dispatcher.on_put(bytes, nonsense.now());
    case 1:
      return dispatcher.on_control(bytes, nonsense.now());
    case 2:
      return dispatcher.on_frames(bytes, nonsense.now());
    case 3:
      dispatcher.on_subscription(bytes, nonsense.now());
      return;
    case 4:
      return nonsense.send_payload(MessageType::put, bytes);
    default:
      return nonsense.send_payload(MessageType::control, bytes);
  }
}

void use_plain_endpoints(Nonsense& nonsense, Script& script) {
  auto& dispatcher = nonsense.dispatcher();
  if (!dispatcher.core().settings().plain_queue) return;
  if (dispatcher.core().plain().is_open()) dispatcher.on_in(script.bytes(), nonsense.now());
  dispatcher.core().plain().set_room(static_cast<std::uint32_t>(script.below(3)));
}

/// For longer than a session lives without a heartbeat. In steps: a long pause of the broker's own
/// would be forgiven.
void be_silent(Nonsense& nonsense) {
  constexpr auto step = 400ms;
  for (Duration time{}; time <= session_timeout + step; time += step) {
    nonsense.advance(step);
    nonsense.turn();
  }
}

void pass_time(Nonsense& nonsense, Script& script) {
  constexpr Duration times[] = {1ms, 300ms, 1s, 3s, 11s, 60s, 24h * 40};
  if (script.below(4) == 3) return be_silent(nonsense);
  nonsense.advance(times[script.below(std::size(times))]);
}

/// Whatever anybody sends: what each session was granted, and one body more.
void check_bounds(const broker::Core& core) {
  const auto& settings = core.settings();
  const auto each = settings.max_bytes + longest_body;
  for (const auto& [name, queue] : core.queues().all()) {
    if (name == settings.plain_queue)
      continue;  // its senders know no credit: the endpoint is shut when it is full
    ensure(queue->depth() <= settings.max_items + max_sessions);
    ensure(queue->bytes <= settings.max_bytes + max_sessions * each);
  }
}

void run(Script script) {
  Nonsense nonsense(settings_of(script), [&script](std::uint64_t n) { return script.below(n); });
  while (!script.over()) {
    switch (script.below(16)) {
      case 0:
        send_raw(nonsense, script);
        break;
      case 1:
        use_plain_endpoints(nonsense, script);
        break;
      case 2:
        pass_time(nonsense, script);
        break;
      case 3:
        if (script.below(32) == 31) nonsense.dispatcher().core().shut_down(nonsense.now());
        break;
      case 4:
      case 5:
      case 6:
        nonsense.turn();
        break;
      default:
        nonsense.send_one();
    }
    ensure(nonsense.dispatcher().core().session_count() <= max_sessions);
    check_bounds(nonsense.dispatcher().core());
  }
  be_silent(nonsense);
  ensure(nonsense.dispatcher().core().session_count() == 0);
}

}  // namespace
}  // namespace baton::internal::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  baton::internal::fuzz::run(
      baton::internal::fuzz::Script(baton::internal::fuzz::view_of(data, size)));
  return 0;
}
