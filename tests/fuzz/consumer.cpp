// A consumer's session with a hostile broker: items are taken, settled, given back.
#include <utility>
#include <vector>

#include "consumer/consumer_session.hpp"
#include "proto/ensure.hpp"
#include "tests/fuzz/hostile_broker.hpp"

namespace baton::internal::fuzz {
namespace {

class User {
 public:
  explicit User(ConsumerSession& session) : session_(session) {}

  void act(Script& script, Time now) {
    switch (script.below(8)) {
      case 0:
        return want();
      case 1:
        return unwant();
      case 2:
      case 3:
        return take(now);
      case 4:
      case 5:
        return settle(script);
      case 6:
        if (session_.may_print()) session_.print(script.bytes());
        return;
      default:
        if (script.below(8) == 7) session_.drain();
        if (script.below(8) == 7) session_.close(now);
    }
  }

 private:
  void want() {
    session_.want();
    ++wants_;
  }
  void unwant() {
    if (wants_ == 0) return;
    --wants_;
    session_.request_now();
    session_.unwant();
  }
  void take(Time now) {
    Delivery delivery;
    const auto waiting = session_.waiting();
    if (!session_.take(delivery, body_, now)) return;
    ensure(delivery.id.value != 0 && session_.waiting() == waiting - 1);
    session_.queue_name(delivery.queue);
    taken_.emplace_back(delivery.id, session_.last_tag());
  }
  void settle(Script& script) {
    if (taken_.empty()) return;
    const auto [id, tag] = taken_[script.below(taken_.size())];
    const auto held = session_.held();
    const auto kind = static_cast<Settlement::Kind>(script.below(3));
    const auto reason = kind == Settlement::Kind::failed ? script.bytes() : std::string_view();
    const bool settled = session_.settle({kind, id, reason, 5}, tag);
    ensure(session_.held() == held - (settled ? 1 : 0));
  }

  ConsumerSession& session_;
  std::uint64_t wants_ = 0;
  std::string body_;
  std::vector<std::pair<ItemId, std::uint64_t>> taken_;
};

}  // namespace
}  // namespace baton::internal::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace baton::internal::fuzz;
  Script script(view_of(data, size));
  const auto prefetch = static_cast<std::uint32_t>(script.below(4));
  baton::internal::ConsumerSession session(config_of(baton::internal::Role::consumer), prefetch);
  User user(session);
  run_session(session, script,
              [&](Script& part, baton::internal::Time now) { user.act(part, now); });
  return 0;
}
