// The durable record of what happened in a broker, in order. LogStorage serves from memory what it
// can. DiskLog (disk/) writes the log to a file; another kind of log needs no change elsewhere.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "broker/log/batch.hpp"
#include "broker/log/record.hpp"
#include "broker/log/storage_clock.hpp"
#include "broker/storage.hpp"
#include "proto/ids.hpp"

namespace baton::internal::broker::log {

/// For one thread, apart from threads of the implementation. Nothing throws after lead(): errors
/// are reported by failure() or Durable::held.
class CommitLog {
 public:
  virtual ~CommitLog() = default;

  /// Called in the order of the members here; items come by id. An item that failed has a state.
  struct Reader {
    std::function<void(const Superblock&)> superblock;
    std::function<void(std::uint64_t, std::string_view)> queue;
    std::function<void(std::uint64_t, const ProducerRow&)> producer;
    std::function<void(std::uint64_t, const ItemRow&, const StateRow*)> item;
  };
  /// Reads all that is durable and not settled, once, before lead(). An empty log has a superblock,
  /// too. A state may lack its item if a disk was full. Throws std::runtime_error, with a sentence
  /// for people, if the log is damaged or cannot be read; afterwards it may only be destroyed.
  virtual void read(const Reader& reader) = 0;
  /// The last reading given to note_clock() by the previous process. Throws like read().
  virtual StorageClock::Reading last_clock() = 0;

  /// The fence: from now on only what this broker instance appends becomes durable, and nothing
  /// that another instance still appends. `last`: the last id before the first one it assigns. The
  /// takeover is durable before anything else it appends; if the disk has room, when this returns.
  /// All functions below, except failure(), require it.
  virtual void lead(BrokerInstance broker_instance, ItemId last) = 0;

  /// Whether a batch would be written at once. If not, it is better to keep adding to the open
  /// batch: items that are settled in it need not be written at all.
  virtual bool idle() const = 0;
  /// Tickets rise. Never blocks. If the disk is full, settled items become durable, for which an
  /// implementation keeps some room back; new items wait, and are tried again now and then. Rows
  /// are stored as they are: each has its own CRC.
  virtual void append(Batch&& batch) = 0;
  /// The tickets up to which everything is durable, and why new items wait.
  virtual Storage::Durable durable() = 0;
  /// Why nothing will become durable any more; nullptr while all is well. Updated by durable(),
  /// body(), part() and state().
  virtual const StorageFailure* failure() const = 0;
  /// Notes the storage clock for the next process, and checks whether this instance still leads.
  /// Called twice a second, even if nothing happens. Need not be durable at once.
  virtual void note_clock(const StorageClock::Reading& reading) = 0;

  /// The body of an item that is durable and not settled. May read from disk, in the caller's
  /// thread: LogStorage asks for bodies that it does not keep in memory. The view is valid until
  /// the next call or end_reading(); empty after a failure().
  virtual std::string_view body(ItemId id) = 0;
  /// A part of the body, like read_item_part(). The same holds for it.
  virtual std::string_view part(ItemId id, std::uint64_t offset, std::size_t size,
                                std::uint32_t& check) = 0;
  /// The state of an item that has one. The same holds for it.
  virtual StateRow state(ItemId id) = 0;
  /// Releases the views above.
  virtual void end_reading() = 0;

  struct End {
    Ticket puts = 0;          ///< up to which everything is durable
    std::uint64_t items = 0;  ///< new items written since lead()
  };
  /// Writes what was appended, if there is room. May block. Afterwards only failure() may be
  /// called; the fence stays until the destructor.
  virtual End end() = 0;
};

}  // namespace baton::internal::broker::log
