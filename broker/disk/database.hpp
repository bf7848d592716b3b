// The LMDB environment in the data directory.
#pragma once

#include <lmdb.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "broker/disk/errors.hpp"
#include "broker/disk/file_check.hpp"
#include "broker/disk/file_lock.hpp"
#include "broker/log/commit_log.hpp"

namespace baton::internal::broker::disk {

class Transaction;

/// One thread may write() while another one reads; everything else is for one thread.
class Database {
 public:
  /// `read`: nothing is written, created or removed, so the directory may belong to another user or
  /// be mounted read-only. Only load(), count() and size() may be called.
  enum class Access : std::uint8_t { read, write };

  /// Opens or creates the environment, and locks its file, since the directory's lock file may be
  /// removed. Throws Damage, or std::runtime_error for another format or no access.
  explicit Database(std::filesystem::path directory, Access access = Access::write);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Reads everything, in the order of Reader's members; an item that failed comes with its state.
  /// Throws Damage, naming what is damaged.
  void load(const log::CommitLog::Reader& reader);
  /// Reads everything only to check it; throws like load(). Returns the number of items.
  std::uint64_t count();

  /// The body of an item that was written; valid until the next call or end_reading(). Throws
  /// Damage.
  std::string_view body(ItemId id);
  /// A part of it, as log::read_item_part() reads it.
  std::string_view part(ItemId id, std::uint64_t offset, std::size_t size, std::uint32_t& check);
  /// The state of an item, which must have one. The same holds for it.
  log::StateRow state(ItemId id);
  /// Releases the pages that body() used, so that the writer can reuse them.
  void end_reading();

  enum class What : std::uint8_t { all, settles };
  /// Writes one transaction; it is on disk when this returns. Throws DiskError or Removed; after
  /// DiskError nothing of it was written.
  void write(const log::Batch& batch, What what, BrokerInstance broker_instance);
  /// Items in all transactions so far. For the writing thread.
  std::uint64_t items_written() const { return items_written_; }

  /// Throws Removed if the file was removed, replaced, overwritten or truncated: then writes are
  /// lost. For the writing thread.
  void check_in_place() const;

  /// Bytes of the file that no item needs and that later writes may reuse. For the writing thread.
  std::uint64_t room();

  /// Bytes of the file, and how many of them no item needs.
  struct Size {
    std::uint64_t all = 0, free = 0;
  };
  Size size();
  /// Copies everything needed to a new file, and continues with that. Nothing may be read or
  /// written meanwhile. Throws DiskError if there is no room; then nothing has changed.
  void compact();

 private:
  void open();
  void open_databases();
  std::uint64_t last_transaction() const;
  void close();
  void begin_reading();
  std::uint64_t put_new(Transaction& txn, const log::Batch& batch);
  std::string_view row(ItemId id);

  const std::filesystem::path directory_;
  const Access access_;
  std::unique_ptr<FileLock> lock_;  // of the data file; after compact(), of the new one
  std::optional<LastTransaction> last_transaction_;  // if opened for writing
  FileState file_;
  MDB_env* env_ = nullptr;
  MDB_txn* reader_ = nullptr;
  bool reading_ = false;
  std::uint64_t items_written_ = 0;
  MDB_dbi items_ = 0, states_ = 0, queues_ = 0, producers_ = 0, superblock_ = 0;
};

}  // namespace baton::internal::broker::disk
