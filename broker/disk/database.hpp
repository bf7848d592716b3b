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

/// One thread may write() while another one reads; all else is for one thread.
class Database {
 public:
  /// `read`: nothing is written, made or removed, so the directory may be another user's, or of a
  /// disk that is mounted read-only; only load(), count() and size() may be called.
  enum class Access : std::uint8_t { read, write };

  /// Opens, or makes, the environment, and locks its file: the directory's lock may be removed by
  /// somebody. Throws Damage, or std::runtime_error for another format or no access.
  explicit Database(std::filesystem::path directory, Access access = Access::write);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Reads all there is, in the order of the calls' names; throws Damage, naming what is damaged.
  /// For an item that failed its state is told too.
  void load(const log::CommitLog::Reader& reader);
  /// Likewise, for the sake of that only. Returns how many items there are.
  std::uint64_t count();

  /// The body of an item that was written; valid until the next call or end_reading(). Throws
  /// Damage.
  std::string_view body(ItemId id);
  /// A part of it, as log::read_item_part() reads it.
  std::string_view part(ItemId id, std::uint64_t offset, std::size_t size, std::uint32_t& check);
  /// The state of an item, which must have one. Likewise.
  log::StateRow state(ItemId id);
  /// Lets go of the pages that body() needed: the writer may use them again.
  void end_reading();

  enum class What : std::uint8_t { all, settles };
  /// One transaction, on disk when this returns. Throws DiskError, and then nothing of it is; and
  /// Removed.
  void write(const log::Batch& batch, What what, BrokerInstance broker_instance);
  /// Items of all transactions so far. For the thread that writes.
  std::uint64_t items_written() const { return items_written_; }

  /// Throws Removed when the file was removed, replaced, copied over or cut off: what is written is
  /// lost then. For the thread that writes.
  void check_in_place() const;

  /// Bytes of the file that no item needs, and that what is written next may use. For the thread
  /// that writes.
  std::uint64_t room();

  /// Bytes of the file, and of these such as no item needs.
  struct Size {
    std::uint64_t all = 0, free = 0;
  };
  Size size();
  /// Writes all that is needed to a new file, and goes on with that. Nothing may be read or written
  /// meanwhile. Throws DiskError when there is no room for it; all is as before then.
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
  std::unique_ptr<FileLock> lock_;  // of the file, the copy's too once it is in its place
  std::optional<LastTransaction> last_transaction_;  // where it may be written
  FileState file_;
  MDB_env* env_ = nullptr;
  MDB_txn* reader_ = nullptr;
  bool reading_ = false;
  std::uint64_t items_written_ = 0;
  MDB_dbi items_ = 0, states_ = 0, queues_ = 0, producers_ = 0, superblock_ = 0;
};

}  // namespace baton::internal::broker::disk
