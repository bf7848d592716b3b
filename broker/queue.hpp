// One named queue: ready items, waiting consumers, counts. An unused queue takes some 300 bytes
// until it is forgotten, at the end of the turn in which its last item is settled and its last user
// has left.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "broker/fifo.hpp"
#include "broker/ready_list.hpp"
#include "broker/suspects.hpp"
#include "proto/ids.hpp"

namespace baton::internal::broker {

struct Session;

struct Queue {
  std::string name;
  static constexpr std::uint32_t no_index = UINT32_MAX;
  std::uint32_t index = no_index;  ///< its number in the storage, assigned with its first item
  std::uint32_t users = 0;         ///< sessions and endpoints that name it

  ReadyList ready;
  Suspects suspects;            ///< ready, too
  Session* reserved = nullptr;  ///< gets the next suspect once its process holds nothing
  /// Consumers that request items, by when they began to wait; entries with Session::wants() == 0
  /// are stale and skipped.
  Fifo<Session*> waiting;
  /// Sessions that put here and share its room; the one that got room last is last.
  std::vector<Session*> producers;

  // Always: put = ready + delayed + returning + held + done + dead.
  std::uint64_t put = 0;
  std::uint64_t delayed = 0;
  std::uint64_t returning = 0;
  std::uint64_t held = 0;
  std::uint64_t done = 0;
  std::uint64_t dead = 0;

  /// How many sessions and plain endpoints take items from it.
  std::uint32_t consumers() const { return users - static_cast<std::uint32_t>(producers.size()); }

  std::uint64_t bytes = 0;    ///< of bodies of items that are neither done nor dead
  std::uint64_t granted = 0;  ///< items that producers may still put with their present credit
  Fifo<ItemId> dead_letters;  ///< the last dead items with their bodies, oldest first
  bool to_serve = false;      ///< changed and not served since: in Serving::to_serve_
  bool touched = false;       ///< its room may have changed: in QueueTable::touched_

  bool has_ready() const { return !ready.empty() || !suspects.empty(); }
  /// Whether a suspect is next: they go before other items of the same priority.
  bool suspect_is_next() const {
    return !suspects.empty() && (ready.empty() || suspects.priority() >= ready.priority());
  }
  /// Items that are neither done nor dead; --max-items limits them.
  std::uint64_t depth() const {
    return ready.size() + suspects.size() + delayed + returning + held;
  }
  /// Nothing is in it and nothing uses it; only counts would be lost.
  bool may_be_forgotten() const { return users == 0 && depth() == 0 && dead_letters.empty(); }
};

}  // namespace baton::internal::broker
