// Storage on disk: what was confirmed is kept.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

#include "broker/disk/batch.hpp"
#include "broker/disk/clock_note.hpp"
#include "broker/disk/database.hpp"
#include "broker/disk/file_lock.hpp"
#include "broker/disk/states_under_way.hpp"
#include "broker/disk/storage_clock.hpp"
#include "broker/disk/writer.hpp"
#include "broker/storage.hpp"

namespace baton::internal::broker {

/// Milliseconds since 1970.
disk::UnixMs wall_clock();

struct DiskOptions {
  std::filesystem::path directory;
  std::uint64_t max_memory =
      1u
      << 30;  ///< bytes that bodies and the table of items may take; then bodies are on disk only
  std::function<disk::UnixMs()> wall = wall_clock;  ///< the system's clock, which somebody may set
};

/// Bodies of new items lie in segments until they are on disk, and while there is memory for them
/// also then; otherwise they are read from the disk. What is settled before it was written is never
/// written.
class DiskStorage final : public Storage {
 public:
  /// Throws std::runtime_error (also Damage), with a sentence for people, when the directory cannot
  /// be used. `changed` is signalled by another thread when durable() has something new; it must
  /// outlive the storage.
  DiskStorage(DiskOptions options, Wake& changed);
  /// As end(): at an end in order nothing is done again.
  ~DiskStorage() override;
  DiskStorage(const DiskStorage&) = delete;
  DiskStorage& operator=(const DiskStorage&) = delete;

  void load(RestoreTarget& target, BrokerInstance broker_instance, Time now) override;
  void put(const StoredItem& item, const Names& names, std::string_view body) override;
  std::string_view body(ItemId id) override;
  std::string_view part(ItemId id, std::uint64_t offset, std::size_t size,
                        std::uint32_t& check) override;
  void update(const StoredItem& item, const std::vector<FailureRecord>& history) override;
  std::vector<FailureRecord> history(ItemId id) override;
  void erase(ItemId id) override;
  void save(const StoredProducer& producer) override;
  void forget_producer(std::uint32_t index) override;
  void forget_queue(std::uint32_t index) override;
  Ticket commit() override;
  Durable durable() override;
  std::vector<std::string> take_warnings() override { return clock_->take_warnings(); }

  /// Reads all there is, and throws Damage where it is not what was written. Returns how many items
  /// there are.
  std::uint64_t check() { return database_.count(); }
  /// Makes the file as small as what it holds. Before load() only, which does the same where most
  /// of the file is free.
  void compact() { database_.compact(); }
  disk::Database::Size size() { return database_.size(); }
  /// Of the items that came in since load().
  struct Written {
    bool known = true;  ///< else the files are not those any more that were written, say
    std::uint64_t put = 0, written = 0;
    std::uint64_t missing = 0;  ///< neither written nor done: the disk was full, or failed
  };
  /// Writes what whole turns have left, if the disk takes it. Nothing is to be called any more.
  Written end();

 private:
  using SegmentPtr = std::shared_ptr<disk::Segment>;
  using Segments = std::deque<SegmentPtr>;
  disk::Segment* segment_of(ItemId id);
  Segments::iterator forget(Segments::iterator at);
  disk::Segment& open_segment(ItemId id);
  bool in_open_batch(const disk::Segment& segment) const {
    return segment.ticket() == open_.ticket;
  }
  void compact_if_worth_it();
  void know_queue(std::uint64_t index);
  void write_broker_instance(BrokerInstance broker_instance);
  void look(Time now);
  disk::StateRow state_of(ItemId id);
  disk::Delay delay_of(const StoredItem& item) const;
  void submit();
  void note_written(Ticket durable);
  void written(disk::Segment& segment);
  void drop(ItemId first);
  std::uint64_t memory_for_bodies() const;

  const DiskOptions options_;
  Wake& changed_;
  disk::FileLock lock_;  // of the directory
  disk::Database database_;
  disk::ClockNote note_;
  std::optional<disk::StorageClock> clock_;  // from load() on
  Time look_at_{};                           // at the system's clock, and at the files
  Segments segments_;                        // by id: whose bodies are in memory
  disk::Segment* recent_ = nullptr;          // of these, the one that was looked up last
  Segments unwritten_;                       // by ticket: of these, such as are not on disk yet
  disk::StatesUnderWay states_;
  disk::Batch open_;                          // what comes in, until the writer takes it
  bool turn_over_ = true;                     // what is in open_ belongs to whole turns
  std::unordered_set<std::uint64_t> failed_;  // items that have a row of states
  std::vector<bool> queues_known_;            // by index: there is a row of each
  std::uint64_t items_put_ = 0;
  std::uint64_t items_ = 0;               // that are kept
  std::uint64_t memory_of_bodies_ = 0;    // of segments that are on disk, too
  std::unique_ptr<disk::Writer> writer_;  // the last: it ends first
};

}  // namespace baton::internal::broker
