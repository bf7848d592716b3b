// Where items are stored: in memory (MemoryStorage), or in a log that outlives the process
// (log/LogStorage). The core decides, a storage only remembers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "broker/failure_record.hpp"
#include "proto/ids.hpp"

namespace baton::internal::broker {

/// Counts turns given to a storage. What was given before a ticket is stored once that ticket is
/// durable.
using Ticket = std::uint64_t;

struct StoredProducer {
  std::uint32_t index = 0;
  std::string_view name;
  bool named = false;
  bool closed = false;
  SeqNo received;  ///< of its put stream; everything up to this is stored or done
  std::uint64_t done = 0;
  std::uint64_t dead = 0;
  /// For a named one: the process that put last, and digests of its input (Checkpoints). At most 1
  /// KiB.
  std::string_view digests = {};
  /// Items of its input, put by a version without digests; set by load() only.
  std::uint64_t undigested = 0;
};

/// What is stored of an item.
struct StoredItem {
  ItemId id;
  std::uint32_t queue = 0;     ///< index
  std::uint32_t producer = 0;  ///< index
  std::uint32_t size = 0;      ///< of the body
  std::uint8_t priority = 0;
  std::uint16_t failures = 0;
  bool dead = false;
  bool suspect = false;          ///< it may have killed its holder
  std::uint32_t delay_ms = 0;    ///< remaining delay
  std::uint32_t deliveries = 0;  ///< how often it was delivered, as far as reported
  /// If not 0: it was put again after a broker ended. A consumer that received it before may
  /// reclaim it by its number and this key of its producer.
  std::uint64_t again = 0;
  SeqNo number;  ///< in its producer's put stream
};

/// Names of an item's queue and producer.
struct Names {
  std::string_view queue, producer;
};

/// Receives what a storage has kept from an earlier process, in this order: begin, queues,
/// producers, items by id.
class RestoreTarget {
 public:
  virtual ~RestoreTarget() = default;
  /// `broker_instance` is the last one stored, `first` the lowest id never used.
  virtual void begin(BrokerInstance broker_instance, ItemId first) = 0;
  virtual void queue(std::uint32_t index, std::string_view name) = 0;
  virtual void producer(const StoredProducer& producer) = 0;
  virtual void item(const StoredItem& item) = 0;
};

/// The first id of `broker_instance`. The previous instance `before` wrote no id above `last`, but
/// may have used up to 2^32 more. If it stored nothing (`before` is 0), ids begin at a number
/// specific to this instance: what clients still say about items of a forgotten broker must not
/// name items of this one. Ids stay below 2^53.
inline ItemId first_id(BrokerInstance broker_instance, BrokerInstance before, ItemId last) {
  return before == BrokerInstance{} ? ItemId{((broker_instance.value >> 44) << 32) + 1}
                                    : ItemId{((last.value >> 32) + 2) << 32};
}

/// Why a storage has stopped storing.
struct StorageFailure {
  /// Taken over by another process, or removed; otherwise it cannot be read or written.
  bool lost = false;
  std::string why;  ///< for people
};

/// Called only by the broker's thread. Ids rise; an id is never reused. After load() nothing
/// throws: errors are reported by failure() and Durable::held.
class Storage {
 public:
  virtual ~Storage() = default;

  /// Call it once, first. `broker_instance` is the one that begins now; `now` is on the clock of
  /// all times here. Throws std::runtime_error, with a sentence for people, if the stored data
  /// cannot be read.
  virtual void load(RestoreTarget& /*target*/, BrokerInstance /*broker_instance*/, Time /*now*/) {}

  /// Stores a new item; copies the body. The storage remembers the names of indexes that are new to
  /// it.
  virtual void put(const StoredItem& item, const Names& names, std::string_view body) = 0;
  /// The body of an item that was put and not erased; valid until the next call. May read from
  /// disk, if there is no memory for all bodies. Empty after a failure().
  virtual std::string_view body(ItemId id) = 0;
  /// `size` bytes of the body from `offset`; valid until the next call. A body is read from
  /// beginning to end in consecutive parts. `check` belongs to one such reading: it is 0 at the
  /// start, and the caller only passes it on.
  virtual std::string_view part(ItemId id, std::uint64_t offset, std::size_t size,
                                std::uint32_t& /*check*/) {
    return body(id).substr(offset, size);
  }
  /// The item has changed. Constant members (number, again, size) are ignored.
  virtual void update(const StoredItem& item, const std::vector<FailureRecord>& history) = 0;
  /// The history given by the item's last update(), also by an earlier process; as much of it as is
  /// kept.
  virtual std::vector<FailureRecord> history(ItemId id) = 0;
  virtual void erase(ItemId id) = 0;

  /// A producer's numbers have changed; at most once a turn.
  virtual void save(const StoredProducer& /*producer*/) {}
  /// Its index may be reused.
  virtual void forget_producer(std::uint32_t /*index*/) {}

  /// The queue's index may be reused: all its items were erased.
  virtual void forget_queue(std::uint32_t /*index*/) {}

  /// Ends the turn: everything since the last commit belongs together. Never blocks.
  virtual Ticket commit() = 0;
  struct Durable {
    /// The newest ticket up to which everything survives a crash, as far as this storage promises.
    Ticket puts = 0;
    /// The same without new items and producers' numbers; >= puts.
    Ticket settles = 0;
    std::string held;  ///< why new items cannot be stored for now, though settled ones can; empty
                       ///< when they can
  };
  virtual Durable durable() = 0;
  /// nullptr while all is well. Otherwise clients must not be told anything of this turn.
  virtual const StorageFailure* failure() const { return nullptr; }
  /// Messages for the operator since the last call.
  virtual std::vector<std::string> take_warnings() { return {}; }
};

}  // namespace baton::internal::broker
