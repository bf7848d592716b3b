// One named queue: what is ready, who waits for it, and how full it is.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "broker/ready_list.hpp"
#include "proto/ids.hpp"

namespace baton::broker {

struct Session;

struct Queue {
  std::string name;
  static constexpr std::uint32_t no_index = UINT32_MAX;
  std::uint32_t index =
      no_index;  ///< how the storage calls it: given with its first item, so that all of them are kept

  ReadyList ready;
  std::deque<Session*> waiting;     ///< consumers that ask of this queue, by when they began to wait; may name some
                                    ///< that wait no more (Session::wants() == 0), which are skipped
  std::vector<Session*> producers;  ///< sessions that put here and share the room; who got some last is last

  // The books: put = ready + delayed + held + done + dead, always.
  std::uint64_t put = 0;
  std::uint64_t delayed = 0;
  std::uint64_t held = 0;
  std::uint64_t done = 0;
  std::uint64_t dead = 0;

  std::uint64_t bytes = 0;          ///< of bodies of items that are neither done nor dead
  std::uint64_t granted = 0;        ///< items that producers may still put with the credit they have
  std::deque<ItemId> dead_letters;  ///< the last of the dead, oldest first, with their bodies
  bool to_serve = false;            ///< among Core's queues that changed in this turn

  /// Items that are neither done nor dead: what --max-items limits.
  std::uint64_t depth() const { return ready.size() + delayed + held; }
};

}  // namespace baton::broker
