#include "tests/simulation/world.hpp"

#include <algorithm>
#include <cstdio>

namespace baton::internal::simulation {

void World::at(Time when, std::function<void()> what) {
  events_.emplace(std::pair{std::max(when, now_), next_event_++}, std::move(what));
}

void World::step() {
  PROMISE(!events_.empty(), "something is left to happen");
  auto event = events_.extract(events_.begin());
  const auto when = event.key().first;
  at_this_time_ = when == now_ ? at_this_time_ + 1 : 0;
  PROMISE(at_this_time_ < 100'000, "time goes on: nobody spins");
  now_ = when;
  mix(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
  event.mapped()();
}

void World::print(const std::string& text) const {
  const auto since =
      std::chrono::duration_cast<std::chrono::microseconds>(now_.time_since_epoch() - 1h);
  std::printf("%12.6f  %s\n", static_cast<double>(since.count()) / 1e6, text.c_str());
}

}  // namespace baton::internal::simulation
