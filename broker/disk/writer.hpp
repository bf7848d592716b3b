// The writing thread: one transaction for all batches that came in while the previous one was being
// written.
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "broker/disk/clock_note.hpp"
#include "broker/disk/database.hpp"
#include "broker/log/batch.hpp"
#include "broker/storage.hpp"
#include "os/wake.hpp"

namespace baton::internal::broker::disk {

/// Disk space kept in reserve, so that settled items can be written when the disk is full.
class Reserve {
 public:
  explicit Reserve(std::filesystem::path path) : path_(std::move(path)) {}
  /// Allocates the space, if not done yet. Returns why not (usually a full disk), or an empty
  /// string.
  std::string take();
  void give_back();

 private:
  const std::filesystem::path path_;
  bool taken_ = false;
};

/// submit(), idle() and the like are for the broker's thread.
class Writer {
 public:
  /// All must outlive the writer, which signals `changed` when report() has news.
  Writer(Database& database, const FileLock& lock, ClockNote& note,
         const std::filesystem::path& directory, BrokerInstance broker_instance, Wake& changed);
  ~Writer() { end(); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Nothing is being written, apart from what waits for disk space.
  bool idle() const { return !busy_.load(std::memory_order_acquire); }
  /// Batches submitted while it is not idle are written as one transaction.
  void submit(log::Batch&& batch);

  /// Notes the clock, and checks that the files are still in place; if not, the thread ends with
  /// Removed.
  void look(const log::StorageClock::Reading& clock);

  struct Report {
    Storage::Durable durable;               ///< in files that were in place then
    std::optional<StorageFailure> failure;  ///< what ended the thread, if anything
  };
  Report report();

  /// Writes what was submitted, if the disk has room, and ends. Nothing may be called afterwards.
  Report end();

 private:
  void run();
  void loop();
  void check_in_place() const;
  void write_pending();
  void write_settles(const std::string& why);
  std::string held();
  void note(Ticket puts, Ticket settles, const std::string& held);

  Database& database_;
  const FileLock& lock_;
  ClockNote& note_;
  const std::filesystem::path directory_;
  const BrokerInstance broker_instance_;
  Reserve reserve_;
  log::Batch pending_;  // used by the writing thread: several submitted batches when the disk is
                        // full
  std::atomic<bool> busy_ = false;
  Wake& changed_;
  std::mutex mutex_;  // guards the members below
  std::condition_variable wake_;
  std::optional<log::Batch> submitted_;
  std::optional<log::StorageClock::Reading> clock_;  // to be noted
  bool stop_ = false;
  Report report_;
  std::thread thread_;
};

}  // namespace baton::internal::broker::disk
