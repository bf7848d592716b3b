// Storage over a commit log: what was confirmed outlives the process.
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

/// The system's clock, which somebody may set.
log::UnixMs wall_clock();

struct LogStorageOptions {
  /// Bytes that bodies and the table of items may take; what is beyond is in the log only.
  std::uint64_t max_memory = 1u << 30;
  std::function<log::UnixMs()> wall = wall_clock;
  std::function<Time()> now = std::chrono::steady_clock::now;
};

/// Bodies of new items lie in segments until they are durable, and while there is memory for them
/// also then; otherwise they are read from the log. What is settled before it was appended is never
/// written.
class LogStorage final : public Storage {
 public:
  /// The log must outlive the storage.
  LogStorage(log::CommitLog& log, LogStorageOptions options = {});
  /// As end(): at an end in order nothing is done again.
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

  /// Of the items that came in since load().
  struct Written {
    bool known = true;  ///< else the log failed: what was written may be lost
    std::uint64_t put = 0, written = 0;
    std::uint64_t missing = 0;  ///< neither written nor done: there was no room
  };
  /// Writes what whole turns have left, if the log takes it. Nothing is to be called any more.
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
  std::optional<log::StorageClock> clock_;  // from load() on
  Time note_clock_at_{};
  Segments segments_;               // by id: whose bodies are in memory
  log::Segment* recent_ = nullptr;  // of these, the one that was looked up last
  Segments unwritten_;              // by ticket: of these, such as are not durable yet
  log::StatesUnderWay states_;
  log::Batch open_;                           // what comes in, until the log takes it
  bool turn_over_ = true;                     // what is in open_ belongs to whole turns
  std::unordered_set<std::uint64_t> failed_;  // items that have a row of states
  std::vector<bool> queues_known_;            // by index: there is a row of each
  std::uint64_t items_put_ = 0;
  std::uint64_t items_ = 0;               // that are kept
  std::uint64_t memory_of_bodies_ = 0;    // of segments that are durable, too
  std::optional<StorageFailure> damage_;  // of a body in memory
  bool leads_ = false, ended_ = false;
};

}  // namespace baton::internal::broker
