// The thread that writes: one transaction for all that came in while the last one was on its way to
// the disk.
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

/// Room that is kept back on the disk, so that settling goes on when it is full.
class Reserve {
 public:
  explicit Reserve(std::filesystem::path path) : path_(std::move(path)) {}
  /// Takes the room, if it does not have it. Else says why: the disk is full, as a rule.
  std::string take();
  void give_back();

 private:
  const std::filesystem::path path_;
  bool taken_ = false;
};

/// submit(), idle() and the like are for the broker's thread.
class Writer {
 public:
  /// All of them must outlive the writer, which signals `changed` when durable() has something new.
  Writer(Database& database, const FileLock& lock, ClockNote& note,
         const std::filesystem::path& directory, BrokerInstance broker_instance, Wake& changed);
  ~Writer() { end(); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Nothing is being written, but what is held for lack of room.
  bool idle() const { return !busy_.load(std::memory_order_acquire); }
  /// What comes while it is not idle is one transaction.
  void submit(log::Batch&& batch);

  /// Notes the clock, and sees whether the files are still there: if not, the thread ends by
  /// Removed.
  void look(const log::StorageClock::Reading& clock);

  struct Report {
    Storage::Durable durable;               ///< in files that were still there then
    std::optional<StorageFailure> failure;  ///< what ended the thread, if something did
  };
  Report report();

  /// Writes what was submitted, if the disk takes it, and ends. Nothing is to be called any more.
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
  log::Batch pending_;  // the thread's: more than one submitted batch when the disk is full
  std::atomic<bool> busy_ = false;
  Wake& changed_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::optional<log::Batch> submitted_;
  std::optional<log::StorageClock::Reading> clock_;  // to be noted
  bool stop_ = false;
  Report report_;
  std::thread thread_;
};

}  // namespace baton::internal::broker::disk
