// Storage in a commit log: what is confirmed outlives the process.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

#include "broker/log/batch.hpp"
#include "broker/log/commit_log.hpp"
#include "broker/log/states_under_way.hpp"
#include "broker/log/storage_clock.hpp"
#include "broker/storage.hpp"

namespace baton::internal::broker {

/// The system's clock, which may be set at any time.
log::UnixMs wall_clock();

struct LogStorageOptions {
  /// Bytes of memory for bodies and the table of items; further bodies are in the log only.
  std::uint64_t max_memory = 1u << 30;
  std::function<log::UnixMs()> wall = wall_clock;
  std::function<Time()> now = std::chrono::steady_clock::now;
};

/// Bodies of new items are kept in segments until they are durable, and longer if there is memory
/// for them; otherwise they are read from the log. Items that are settled before they were appended
/// are never written.
class LogStorage final : public Storage {
 public:
  /// The log must outlive the storage.
  LogStorage(log::CommitLog& log, LogStorageOptions options = {});
  /// Calls end(); does nothing after an orderly end.
  ~LogStorage() override;
  LogStorage(const LogStorage&) = delete;
  LogStorage& operator=(const LogStorage&) = delete;

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
  const StorageFailure* failure() const override { return damage_ ? &*damage_ : log_.failure(); }
  std::vector<std::string> take_warnings() override { return clock_->take_warnings(); }

  /// The items that came in since load().
  struct Written {
    bool known = true;  ///< false: the log failed, and what was written may be lost
    std::uint64_t put = 0, written = 0;
    std::uint64_t missing = 0;  ///< neither written nor settled: there was no room
  };
  /// Writes what remains of whole turns, if the log accepts it. Nothing may be called afterwards.
  Written end();

 private:
  using SegmentPtr = std::shared_ptr<log::Segment>;
  using Segments = std::deque<SegmentPtr>;
  log::Segment* segment_of(ItemId id);
  Segments::iterator forget(Segments::iterator at);
  log::Segment& open_segment(ItemId id);
  bool in_open_batch(const log::Segment& segment) const { return segment.ticket() == open_.ticket; }
  void know_queue(std::uint64_t index);
  void note_clock(Time now);
  void fail_in_memory();
  log::StateRow state_of(ItemId id);
  log::Delay delay_of(const StoredItem& item) const;
  void submit();
  void note_written(Ticket durable);
  void written(log::Segment& segment);
  void drop(ItemId first);
  std::uint64_t memory_for_bodies() const;

  log::CommitLog& log_;
  const LogStorageOptions options_;
  std::optional<log::StorageClock> clock_;  // set by load()
  Time note_clock_at_{};
  Segments segments_;               // with bodies in memory, by id
  log::Segment* recent_ = nullptr;  // the segment looked up last
  Segments unwritten_;              // segments that are not durable yet, by ticket
  log::StatesUnderWay states_;
  log::Batch open_;        // the batch that collects changes until the log is idle
  bool turn_over_ = true;  // open_ contains whole turns only
  std::unordered_set<std::uint64_t> failed_;  // items that have a state row
  std::vector<bool> queues_known_;            // by index: whether the queue has a row
  std::uint64_t items_put_ = 0;
  std::uint64_t items_ = 0;               // items kept
  std::uint64_t memory_of_bodies_ = 0;    // including segments that are durable
  std::optional<StorageFailure> damage_;  // of a body in memory
  bool leads_ = false, ended_ = false;
};

}  // namespace baton::internal::broker
