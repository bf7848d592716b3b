// Where items are kept. The core decides; a storage remembers. Memory here; a disk fills the same interface later.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/ids.hpp"

namespace baton::broker {

/// Counts what was given to a storage, turn by turn. What came before a ticket is kept once that ticket is durable.
using Ticket = std::uint64_t;

/// Called by the broker's one thread only. Ids rise; an id is never used again.
class Storage {
 public:
  virtual ~Storage() = default;

  /// What of an item must outlive the process. The core calls put() once for each item, update() when it changed.
  struct Record {
    ItemId id;
    std::string_view queue;
    std::string_view producer;
    Number number;  ///< in the producer's put stream
    std::uint8_t priority = 0;
    std::uint16_t failures = 0;
    bool dead = false;
    std::uint32_t delay_ms = 0;
  };

  /// Keeps a new item; copies the body.
  virtual void put(const Record& record, std::string_view body) = 0;
  /// The body of an item that was put and not erased; valid until the next call.
  virtual std::string_view body(ItemId id) = 0;
  virtual void update(const Record& record) = 0;
  virtual void erase(ItemId id) = 0;

  /// The turn is over: everything since the last commit belongs together. Never blocks.
  virtual Ticket commit() = 0;
  /// The newest ticket whose changes outlive a crash as far as this storage promises.
  virtual Ticket durable() = 0;
};

}  // namespace baton::broker
