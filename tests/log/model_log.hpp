// A commit log in memory: what lies in it outlives the storage over it. It does at once what it is
// told, unless the test says otherwise.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "broker/log/commit_log.hpp"

namespace baton::internal::broker::test {

class ModelLog : public log::CommitLog {
 public:
  void read(const Reader& reader) override;
  log::StorageClock::Reading last_clock() override { return clock_; }
  void lead(BrokerInstance broker_instance, ItemId last) override;
  bool idle() const override { return !under_way_; }
  void append(log::Batch&& batch) override;
  Storage::Durable durable() override { return durable_; }
  const StorageFailure* failure() const override { return failure_ ? &*failure_ : nullptr; }
  void note_clock(const log::StorageClock::Reading& reading) override { clock_ = reading; }
  std::string_view body(ItemId id) override;
  std::string_view part(ItemId id, std::uint64_t offset, std::size_t size,
                        std::uint32_t& check) override;
  log::StateRow state(ItemId id) override;
  void end_reading() override {}
  End end() override;

  /// Makes durable what was appended: on a full disk what is settled only.
  void write(bool full);
  /// What was appended and is not durable is lost, and whoever appended it has no say any more.
  void crash();
  /// Another broker instance leads, or the rows cannot be read any more.
  void fail(StorageFailure failure) { failure_ = std::move(failure); }

  bool has_item(ItemId id) const { return items_.count(id.value) > 0; }
  /// nullopt: it has not failed.
  std::optional<log::StateRow> state_of(ItemId id) const;

 protected:
  /// Something was appended: it is under way until write().
  virtual void appended() { write(false); }
  bool is_under_way() const { return under_way_; }
  const log::Batch& pending() const { return pending_; }

 private:
  using Rows = std::map<std::uint64_t, std::string>;
  static void change(Rows& rows, const std::map<std::uint64_t, log::Change>& changes);
  void write_new_items();
  void write_settles();

  log::Superblock superblock_;
  Rows items_, states_, queues_, producers_;
  log::StorageClock::Reading clock_;

  // Of the process.
  bool leads_ = false, under_way_ = false;
  BrokerInstance broker_instance_;
  log::Batch pending_;
  Storage::Durable durable_;
  std::optional<StorageFailure> failure_;
  std::uint64_t written_ = 0;
};

}  // namespace baton::internal::broker::test
