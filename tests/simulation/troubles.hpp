// What goes wrong in a run, and how its broker is set up: drawn from its seed.
#pragma once

#include <cstdint>

#include "broker/settings.hpp"
#include "tests/simulation/world.hpp"

namespace baton::internal::simulation {

/// How much goes wrong: per mille of the chances of one kind of trouble per second.
struct Troubles {
  std::uint64_t cuts = 0, stalls = 0, pauses = 0, kills = 0, leaves = 0, broker_pauses = 0,
                restarts = 0;
  std::uint64_t full_disks = 0, twins = 0, clock_steps = 0;  // where the broker keeps
  std::uint64_t poison = 0;  // per mille of the items: who begins one dies
  // Consumers give large items back on their way, beside such as cost a life.
  bool large_runs = false;
  bool slow_hands = false;  // some stand still over long work on what others give back at once: it
                            // comes to them again
  bool quick_failures = false;  // what some fail at once others have in hand for long, on a slow
                                // disk, when the broker dies
  // There are no more places, or links, than clients, and others come when the broker is started
  // again.
  bool few_places = false, few_links = false;
  bool newcomers = false;    // producers that come when the broker is started again fill its small
                             // queues, on a slow disk
  std::uint64_t narrow = 0;  // bytes per second of a slow link that many share; 0: there is none
  std::uint64_t long_lines = 0;  // bytes that some console lines have, at most; 0: all are short
  bool only_poison() const {
    return poison > 0 && cuts + stalls + pauses + kills + broker_pauses + restarts == 0 &&
           !slow_hands;
  }
  /// No client is lost for it: the broker gives the others time when it stood still itself, and a
  /// client that leaves closes its session.
  bool harmless() const { return cuts + stalls + pauses + kills + poison == 0 && !slow_hands; }
  bool breaks_connections() const { return cuts + stalls > 0; }
  /// Nothing keeps clients from being in touch while the broker runs, nor does a twin take their
  /// place.
  bool in_touch() const {
    return cuts + stalls + pauses + broker_pauses + twins == 0 && !slow_hands;
  }
  /// Nothing that is sent is lost, or has to be refused.
  bool lossless() const { return in_touch() && restarts + full_disks == 0; }
};

/// `keeps`: the broker does.
Troubles draw_troubles(Random& random, bool durable);
struct Clients {
  std::uint64_t producers = 0, consumers = 0, printers = 0;
};
broker::CoreSettings draw_settings(Random& random, const Clients& clients, const Troubles& troubles,
                                   bool durable);
/// How long the storage takes, at most.
Duration draw_storage_lag(Random& random, const Troubles& troubles, bool durable);

}  // namespace baton::internal::simulation
