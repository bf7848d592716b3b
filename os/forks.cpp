#include "os/forks.hpp"

#include <pthread.h>

#include <atomic>

#include "proto/ids.hpp"

namespace baton::internal {

constinit std::atomic<std::uint64_t> detail::forks = 0;

namespace {

std::atomic<std::uint64_t> number = 0;  // 0: not generated yet

void begin_child() {
  detail::forks.fetch_add(1, std::memory_order_relaxed);
  number.store(0, std::memory_order_relaxed);
}

}  // namespace

std::uint64_t watch_forks() {
  static const int registered = pthread_atfork(nullptr, nullptr, begin_child);
  static_cast<void>(registered);
  return forks();
}

std::uint64_t process_number() {
  watch_forks();  // from now on a child generates its own
  auto drawn = number.load(std::memory_order_relaxed);
  if (drawn != 0) return drawn;
  const auto mine = random_number();
  return number.compare_exchange_strong(drawn, mine, std::memory_order_relaxed) ? mine : drawn;
}

}  // namespace baton::internal
