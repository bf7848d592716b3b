// The commit log in a data directory: one LMDB transaction for all batches that came in while the
// previous one was being written.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "broker/disk/clock_note.hpp"
#include "broker/disk/database.hpp"
#include "broker/disk/file_lock.hpp"
#include "broker/disk/writer.hpp"
#include "broker/log/commit_log.hpp"
#include "os/wake.hpp"

namespace baton::internal::broker {

/// The fence is a lock on the directory and one on its data file; before and after each transaction
/// the writer checks that both are still in place. Bodies are read from mapped pages: a page that
/// is not in the page cache blocks the caller until the disk has delivered it.
class DiskLog final : public log::CommitLog {
 public:
  /// Creates the directory if necessary. Throws std::runtime_error (also Damage), with a sentence
  /// for people, if it cannot be used. Another thread signals `changed` when durable() or failure()
  /// has news; it must outlive the log.
  DiskLog(std::filesystem::path directory, Wake& changed);

  /// Compacts the file first if most of it is free.
  void read(const Reader& reader) override;
  log::StorageClock::Reading last_clock() override;
  void lead(BrokerInstance broker_instance, ItemId last) override;
  bool idle() const override { return writer_->idle(); }
  void append(log::Batch&& batch) override { writer_->submit(std::move(batch)); }
  Storage::Durable durable() override;
  const StorageFailure* failure() const override { return failure_ ? &*failure_ : nullptr; }
  void note_clock(const log::StorageClock::Reading& reading) override { writer_->look(reading); }
  std::string_view body(ItemId id) override;
  std::string_view part(ItemId id, std::uint64_t offset, std::size_t size,
                        std::uint32_t& check) override;
  log::StateRow state(ItemId id) override;
  void end_reading() override { database_.end_reading(); }
  End end() override;

  /// For programs that only maintain the directory, instead of all of the above.
  disk::Database& database() { return database_; }

 private:
  template <class Read>
  auto reading(Read read) -> decltype(read());
  void compact_if_worth_it();
  Storage::Durable take(disk::Writer::Report report);

  const std::filesystem::path directory_;
  Wake& changed_;
  disk::FileLock lock_;  // of the directory
  disk::Database database_;
  disk::ClockNote note_;
  std::optional<StorageFailure> failure_;
  std::unique_ptr<disk::Writer> writer_;  // declared last: destroyed first
};

}  // namespace baton::internal::broker
