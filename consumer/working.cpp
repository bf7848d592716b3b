#include <cxxabi.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <utility>

#include "consumer/consumer_impl.hpp"
#include "consumer/crew.hpp"

namespace baton::internal {
namespace {

/// Throws abi::__forced_unwind if the handler ends its thread: that can only be passed on.
Outcome handle(const Handler& handler, Item& item) {
  try {
    return handler(item);
  } catch (const std::exception& error) {
    return Outcome::failed(error.what());
  } catch (const abi::__forced_unwind&) {
    throw;
  } catch (...) {
    return Outcome::failed("the handler threw something other than a std::exception");
  }
}

}  // namespace

/// Cleans up after run(), however it ends.
class Consumer::Impl::Ending {
 public:
  explicit Ending(Impl& impl) : impl_(impl) {}
  ~Ending() {
    if (impl_.connection.forked()) return;
    const auto lock = impl_.connection.lock();
    impl_.stop_run = false;
    impl_.session.rest();
    impl_.connection.changed();
  }
  Ending(const Ending&) = delete;
  Ending& operator=(const Ending&) = delete;

 private:
  Impl& impl_;
};

/// Requires the lock.
void Consumer::Impl::settle(const Item& item, const Outcome& outcome) {
  if (const auto settlement = outcome.settlement(item.id))
    session.settle(*settlement, item.delivery_tag);
  connection.changed();
}

/// A job of run(): settles an item and gets the next one under one lock.
void Consumer::Impl::work(const Handler& handler, const RunOptions& run,
                          const std::function<bool()>& may_get) {
  Item item;
  std::optional<Outcome> outcome;
  while (may_get()) {
    auto lock = connection.lock();
    if (outcome) settle(item, *std::exchange(outcome, {}));
    if (run.before_request) {
      lock.unlock();
      run.before_request();
      lock.lock();
    }
    if (stop_run || get(lock, item, {}, true) != GetResult::item) return;
    lock.unlock();
    try {
      outcome = handle(handler, item);
    } catch (const abi::__forced_unwind&) {
      lock.lock();
      settle(item, Outcome::failed("its handler ended its thread"));
      throw;
    }
  }
  const auto lock = connection.lock();
  if (outcome) settle(item, *outcome);
}

void Consumer::Impl::run(const Handler& handler, const RunOptions& how) {
  std::atomic<std::uint64_t> left_to_get =
      how.count > 0 ? how.count : std::numeric_limits<std::uint64_t>::max();
  const auto may_get = [&left_to_get] {
    auto now = left_to_get.load();
    while (now > 0 && !left_to_get.compare_exchange_weak(now, now - 1)) {
    }
    return now > 0;
  };
  const auto on_error = [this] {
    if (connection.forked()) return;
    const auto lock = connection.lock();
    stop_run = true;
    connection.notify();
  };
  const Ending ending(*this);
  Crew([&] { work(handler, how, may_get); }, on_error).run(std::max(how.jobs, 1u));
}

}  // namespace baton::internal
