// Where items are kept. The core decides; a storage remembers: in memory (MemoryStorage), or in a
// log that outlives the process (log/LogStorage).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "broker/failure_record.hpp"
#include "proto/ids.hpp"

namespace baton::internal::broker {

/// Counts what was given to a storage, turn by turn. What came before a ticket is kept once that
/// ticket is durable.
using Ticket = std::uint64_t;

struct StoredProducer {
  std::uint32_t index = 0;
  std::string_view name;
  bool named = false;
  bool closed = false;
  SeqNo received;  ///< of its put stream; everything up to this is kept or done
  std::uint64_t done = 0;
  std::uint64_t dead = 0;
  /// Of a named one: who put last, and of what it put (Checkpoints): at most 1 KiB.
  std::string_view digests = {};
  /// Items of its input, put before digests were kept: only load() says it.
  std::uint64_t undigested = 0;
};

/// What of an item outlives the process.
struct StoredItem {
  ItemId id;
  std::uint32_t queue = 0;     ///< index
  std::uint32_t producer = 0;  ///< index
  std::uint32_t size = 0;      ///< of the body
  std::uint8_t priority = 0;
  std::uint16_t failures = 0;
  bool dead = false;
  bool suspect = false;          ///< it has once cost its holder's life
  std::uint32_t delay_ms = 0;    ///< that is left of its delay
  std::uint32_t deliveries = 0;  ///< how often it went out, as far as that was told
  /// Not 0: it was put again after the end of a broker, and a consumer that was given it then may
  /// reclaim it by its number and this key of its producer.
  std::uint64_t again = 0;
  SeqNo number;  ///< in its producer's put stream
};

/// Of an item's queue and producer.
struct Names {
  std::string_view queue, producer;
};

/// Who is told what a storage has kept from a process before this one, in this order: begin,
/// queues, producers, items by id.
class RestoreTarget {
 public:
  virtual ~RestoreTarget() = default;
  /// `broker_instance` is the last one that was kept, `first` the lowest id that was never used.
  virtual void begin(BrokerInstance broker_instance, ItemId first) = 0;
  virtual void queue(std::uint32_t index, std::string_view name) = 0;
  virtual void producer(const StoredProducer& producer) = 0;
  virtual void item(const StoredItem& item) = 0;
};

/// The first id of `broker_instance`. The one before it, `before`, wrote no id
/// above `last`, but may have given some 2^32 more. After one that kept nothing (`before` is 0) ids
/// begin at a number of that instance's own: what clients still say of the items of a broker that
/// is forgotten must name none of this one's. They stay below 2^53.
inline ItemId first_id(BrokerInstance broker_instance, BrokerInstance before, ItemId last) {
  return before == BrokerInstance{} ? ItemId{((broker_instance.value >> 44) << 32) + 1}
                                    : ItemId{((last.value >> 32) + 2) << 32};
}

/// Why a storage keeps nothing more.
struct StorageFailure {
  bool lost =
      false;        ///< it is somebody else's by now, or removed; else it cannot be read or written
  std::string why;  ///< for people
};

/// Called by the broker's one thread only. Ids rise; an id is never used again. After load()
/// nothing throws: what goes wrong is told by failure(), and by Durable::held.
class Storage {
 public:
  virtual ~Storage() = default;

  /// Once, before anything else. `broker_instance` is the one that begins now, `now` the clock that
  /// all times here are of. Throws std::runtime_error, with a sentence for people, when what was
  /// kept cannot be read.
  virtual void load(RestoreTarget& /*target*/, BrokerInstance /*broker_instance*/, Time /*now*/) {}

  /// Stores a new item; copies the body. Of the names the storage remembers those whose index has
  /// none yet.
  virtual void put(const StoredItem& item, const Names& names, std::string_view body) = 0;
  /// The body of an item that was put and not erased; valid until the next call. It may be read
  /// from a disk, where there is no memory for all of them. Empty after a failure().
  virtual std::string_view body(ItemId id) = 0;
  /// `size` bytes of it, from `offset` on; valid until the next call. A body is read from its
  /// beginning to its end, by parts that follow one another: `check` belongs to this reading, is 0
  /// before it and only passed on by the reader.
  virtual std::string_view part(ItemId id, std::uint64_t offset, std::size_t size,
                                std::uint32_t& /*check*/) {
    return body(id).substr(offset, size);
  }
  /// The item has changed; what of it never does (number, again, size) is not said again.
  virtual void update(const StoredItem& item, const std::vector<FailureRecord>& history) = 0;
  /// The history that the last update() of an item gave, from the process before, too; as much of
  /// it as is kept.
  virtual std::vector<FailureRecord> history(ItemId id) = 0;
  virtual void erase(ItemId id) = 0;

  /// A producer's numbers have changed; once a turn at most.
  virtual void save(const StoredProducer& /*producer*/) {}
  /// Its index may be used for another one.
  virtual void forget_producer(std::uint32_t /*index*/) {}

  /// Likewise a queue's: no item of it is left, what was one was erased.
  virtual void forget_queue(std::uint32_t /*index*/) {}

  /// The turn is over: everything since the last commit belongs together. Never blocks.
  virtual Ticket commit() = 0;
  struct Durable {
    /// The newest ticket all of which outlives a crash as far as this storage promises.
    Ticket puts = 0;
    /// The newest one all of which but new items and producers' numbers does; >= puts.
    Ticket settles = 0;
    std::string held;  ///< why new items cannot be kept for now, though what is settled is; empty
                       ///< when they can
  };
  virtual Durable durable() = 0;
  /// nullptr while all goes on. Else nothing of this turn may be told to anybody.
  virtual const StorageFailure* failure() const { return nullptr; }
  /// What the operator should know, and was not told yet.
  virtual std::vector<std::string> take_warnings() { return {}; }
};

}  // namespace baton::internal::broker
