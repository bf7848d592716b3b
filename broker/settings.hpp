// Settings of the core; baton-broker's options fill them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "proto/limits.hpp"

namespace baton::internal::broker {

/// When a system that runs to completion ends.
struct EndSettings {
  bool exit_when_done = false;
  std::uint32_t producers = 0;  ///< how many must have come and gone
  /// How many must have come, unless not_coming has passed since all was done.
  std::uint32_t consumers = 0;

  Duration not_coming = 10s;    ///< how long to wait for consumers that have not come
  Duration leave_within = 10s;  ///< how long clients may take to leave
  Duration print_within = 5s;   ///< how long the printer may take for the last lines
};

struct CoreSettings {
  std::string broker = "baton-broker";  ///< program and version, told to clients
  std::string host;                     ///< this host's name, told to clients
  bool durable = false;                 ///< items outlive the process

  std::uint64_t max_items = 10'000'000;  ///< per queue: ready, delayed and held
  std::uint64_t max_bytes = 4ull << 30;  ///< per queue, of bodies
  std::uint32_t max_attempts = 20;       ///< failures after which an item is dead; 1 to 65,000
  /// Dead items kept per queue; older ones are only counted.
  std::uint32_t max_dead = 10'000;
  std::uint32_t max_dead_total = 100'000;  ///< ... and in all queues together
  /// Per producer, notices of dead items that it has not received; further ones are only counted.
  std::uint32_t max_notices = 1'000;
  std::uint64_t notice_bytes = 16u << 20;  ///< size of all notices together
  std::uint32_t max_untold = 1'000'000;    ///< rejected reclaims not received by their consumers;
                                           ///< beyond that the session with the most is cut off
  std::uint32_t max_sessions = 10'000;     ///< of all clients together
  /// Items that one turn moves each way, so that no turn takes long.
  std::uint32_t turn_work = 20'000;
  std::uint64_t console_keep = 64u << 20;  ///< bytes of console lines kept for printers

  /// Bytes that may be under way on one link, unless there are many links.
  std::uint64_t link_window = link_window_bytes;
  std::uint64_t links_window = links_window_bytes;  ///< ... on all of them together
  std::uint64_t turn_bytes = 4u << 20;  ///< bytes of bodies that one turn sends over links

  std::optional<std::string> plain_queue;  ///< the queue of the plain endpoints, if any

  EndSettings end;
  /// A printer that prints nothing for this long, or is gone, holds no client back.
  Duration printer_stuck = 10s;
};

}  // namespace baton::internal::broker
