// What a broker writes down, in the order in which it happened: the truth that outlives its
// process. LogStorage serves from memory what it can; a commit log is a file (disk/DiskLog), and
// what it is may change without the rest of the broker.
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

/// For one thread, but for what an implementation does by its own. Nothing here throws after
/// lead(): what goes wrong is a failure(), or a reason in Durable::held.
class CommitLog {
 public:
  virtual ~CommitLog() = default;

  /// The order is that of the calls' names, and items come by id; an item that failed has a state.
  struct Reader {
    std::function<void(const Superblock&)> superblock;
    std::function<void(std::uint64_t, std::string_view)> queue;
    std::function<void(std::uint64_t, const ProducerRow&)> producer;
    std::function<void(std::uint64_t, const ItemRow&, const StateRow*)> item;
  };
  /// All that is durable and not settled, once and before lead(); the superblock is told of an
  /// empty log, too. A row of states may have no item, where a disk was full. Throws
  /// std::runtime_error, with a sentence for people, when it cannot be read or is damaged: then
  /// only the destructor may follow.
  virtual void read(const Reader& reader) = 0;
  /// What note_clock() was told last, by the process before: likewise.
  virtual StorageClock::Reading last_clock() = 0;

  /// The fence: from now on only what this broker instance appends is durable, and what another one
  /// still appends is not. `last`: the last id before the first that it gives. That it leads is
  /// durable before anything else of it, and where there is room when this returns. What follows
  /// needs it, but for failure().
  virtual void lead(BrokerInstance broker_instance, ItemId last) = 0;

  /// Whether a batch would be written now. Until then the caller had better add to the one that it
  /// has: what is settled in it need not be written at all.
  virtual bool idle() const = 0;
  /// Tickets rise. Never blocks. Where there is no room the settled part of batches becomes durable
  /// before the new items in them, which wait, and are tried again now and then: so some room is to
  /// be kept back. Rows are stored as they are: each has a CRC of its own.
  virtual void append(Batch&& batch) = 0;
  /// Up to which tickets all is durable, and why new items wait.
  virtual Storage::Durable durable() = 0;
  /// Why nothing will be durable any more; nullptr while it goes on. As of the last durable(),
  /// body(), part() or state().
  virtual const StorageFailure* failure() const = 0;
  /// Where the storage clock is, for the next process; twice a second, also when nothing happens: a
  /// time to see whether this one still leads. It need not be durable at once.
  virtual void note_clock(const StorageClock::Reading& reading) = 0;

  /// Of an item that is durable and not settled. It may be read from a disk, in the caller's
  /// thread: LogStorage asks for what it has no memory for. The view is valid until the next call
  /// or end_reading(); empty after a failure().
  virtual std::string_view body(ItemId id) = 0;
  /// Likewise a part of it, as read_item_part() reads it.
  virtual std::string_view part(ItemId id, std::uint64_t offset, std::size_t size,
                                std::uint32_t& check) = 0;
  /// Likewise the state of an item that has one.
  virtual StateRow state(ItemId id) = 0;
  /// The views above are not needed any more.
  virtual void end_reading() = 0;

  struct End {
    Ticket puts = 0;          ///< up to which all is durable
    std::uint64_t items = 0;  ///< new ones that were written since lead()
  };
  /// Writes what was appended, if there is room. May block. Only failure() and the destructor may
  /// follow: until that the log stays this process's.
  virtual End end() = 0;
};

}  // namespace baton::internal::broker::log
