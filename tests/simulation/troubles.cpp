#include "tests/simulation/troubles.hpp"

namespace baton::internal::simulation {

broker::CoreSettings draw_settings(Random& random, const Clients& clients, const Troubles& troubles,
                                   bool durable) {
  broker::CoreSettings settings;
  settings.durable = durable;
  settings.max_items = troubles.newcomers || random.chance(300) ? random.between(1, 20) : 100'000;
  settings.max_bytes = random.chance(200) ? random.between(100, 3000) : 1u << 30;
  settings.max_attempts = static_cast<std::uint32_t>(random.between(1, 5));
  if (random.chance(150)) settings.max_dead = static_cast<std::uint32_t>(random.between(1, 3));
  if (random.chance(150))
    settings.max_dead_total = static_cast<std::uint32_t>(random.between(1, 5));
  if (random.chance(150)) settings.notice_bytes = random.between(1, 3000);
  if (random.chance(150)) settings.turn_work = static_cast<std::uint32_t>(random.between(1, 5));
  const bool small_log = random.chance(troubles.long_lines > 0 ? 700 : 250);
  settings.console_keep =
      small_log ? random.between(200, random.chance(500) ? 2000 : 30'000) : 64u << 20;
  if (random.chance(300)) {
    settings.link_window = random.between(part_bytes, 10 * part_bytes);
    settings.links_window = random.between(part_bytes, 15 * part_bytes);
    settings.turn_bytes = random.between(1'000, 4 * part_bytes);
  }
  settings.end.exit_when_done = true;
  // The last one comes when the others are through. A broker that is started again does not know
  // how many have been there already: it is told to shut down.
  settings.end.producers =
      troubles.restarts > 0 ? 1'000'000 : static_cast<std::uint32_t>(clients.producers + 1);
  settings.end.consumers = static_cast<std::uint32_t>(clients.consumers);
  if (troubles.few_places)
    settings.max_sessions =
        static_cast<std::uint32_t>(clients.producers + clients.consumers + clients.printers + 1);
  settings.end.print_within = 120s;  // slow printers, and those on a slow link, take their time
  return settings;
}

Troubles draw_troubles(Random& random, bool durable) {
  Troubles troubles;
  for (auto* chance : {&troubles.cuts, &troubles.stalls, &troubles.pauses, &troubles.kills,
                       &troubles.leaves, &troubles.broker_pauses})
    if (random.chance(400)) *chance = random.below(2000);
  if (random.chance(durable ? 700 : 250)) troubles.restarts = random.below(2000);
  if (durable && random.chance(400)) troubles.full_disks = random.below(2000);
  if (durable && random.chance(400)) troubles.twins = random.below(4000);
  if (durable && random.chance(300)) troubles.clock_steps = random.below(2000);
  if (random.chance(100)) troubles.poison = random.between(5, 50);
  if (troubles.poison > 0 && random.chance(600)) {
    const Troubles few{.leaves = troubles.leaves, .poison = troubles.poison};
    troubles = few;
  }
  if (random.chance(50))
    troubles.cuts = troubles.stalls = troubles.pauses = troubles.broker_pauses = 0;
  if (random.chance(50)) return {.poison = random.between(20, 80), .large_runs = true};
  if (random.chance(50)) return {.slow_hands = true};
  if (durable && random.chance(50)) return {.restarts = 600, .newcomers = true};
  if (durable && random.chance(80))
    return {.restarts = 600, .few_places = true, .few_links = random.chance(700)};
  if (durable && random.chance(100))
    return {.pauses = random.below(1000), .restarts = 600, .quick_failures = true};
  if (random.chance(100)) {
    if (random.chance(600)) troubles = {};
    troubles.narrow = random.between(30'000, 60'000);
  }
  if (random.chance(200)) troubles.long_lines = troubles.narrow > 0 ? 200'000 : 50'000;
  return troubles;
}

Duration draw_storage_lag(Random& random, const Troubles& troubles, bool durable) {
  if (troubles.quick_failures || troubles.newcomers) return 1s;
  if (durable)
    return random.chance(300) ? Duration(1s) : random.chance(500) ? Duration(100ms) : Duration(3ms);
  if (troubles.restarts > 0 || !random.chance(300)) return {};
  return random.between(Duration(1ms), Duration(300ms));
}

}  // namespace baton::internal::simulation
