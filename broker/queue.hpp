// One named queue: what is ready, who waits for it, and how full it is. A name that is not used
// takes some 300 bytes until it is forgotten, at the end of the turn in which its last item is
// settled and its last user has left.
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
  std::uint32_t index = no_index;  ///< how the storage calls it: given with its first item
  std::uint32_t users = 0;         ///< sessions and endpoints that name it

  ReadyList ready;
  Suspects suspects;            ///< ready, too
  Session* reserved = nullptr;  ///< who is to get the next one as soon as its process holds nothing
  Fifo<Session*>
      waiting;  ///< consumers that ask of this queue, by when they began to wait; may name some
                ///< that wait no more (Session::wants() == 0), which are skipped
  std::vector<Session*>
      producers;  ///< sessions that put here and share the room; who got some last is last

  // The books: put = ready + delayed + returning + held + done + dead, always.
  std::uint64_t put = 0;
  std::uint64_t delayed = 0;
  std::uint64_t returning = 0;
  std::uint64_t held = 0;
  std::uint64_t done = 0;
  std::uint64_t dead = 0;

  /// Who may take items of it: sessions, and plain endpoints.
  std::uint32_t consumers() const { return users - static_cast<std::uint32_t>(producers.size()); }

  std::uint64_t bytes = 0;    ///< of bodies of items that are neither done nor dead
  std::uint64_t granted = 0;  ///< items that producers may still put with the credit they have
  Fifo<ItemId> dead_letters;  ///< the last of the dead, oldest first, with their bodies
  bool to_serve = false;      ///< among Queues' queues that changed and were not served since
  bool touched = false;       ///< among Queues' queues whose room may have changed

  bool has_ready() const { return !ready.empty() || !suspects.empty(); }
  /// Whether a suspect is next, which goes before all others of its priority.
  bool suspect_is_next() const {
    return !suspects.empty() && (ready.empty() || suspects.priority() >= ready.priority());
  }
  /// Items that are neither done nor dead: what --max-items limits.
  std::uint64_t depth() const {
    return ready.size() + suspects.size() + delayed + returning + held;
  }
  /// Nothing is in it, and nobody names it: what is left are counts that nobody asks for.
  bool may_be_forgotten() const { return users == 0 && depth() == 0 && dead_letters.empty(); }
};

}  // namespace baton::internal::broker
