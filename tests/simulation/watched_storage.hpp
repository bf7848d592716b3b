// The broker's storages in the simulation: memory, or a disk. Both tell the judge what they are
// told.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker/memory_storage.hpp"
#include "tests/simulation/broker_judge.hpp"
#include "tests/simulation/simulated_disk.hpp"

namespace baton::internal::simulation {

/// Memory that takes its time to call something durable.
class WatchedMemory final : public broker::Storage {
 public:
  /// `on_durable` is called when something has become durable.
  WatchedMemory(World& world, BrokerJudge& judge, Duration lag, std::function<void()> on_durable)
      : world_(world), judge_(judge), lag_(lag), on_durable_(std::move(on_durable)) {}

  void put(const broker::StoredItem& item, const broker::Names& names,
           std::string_view body) override;
  std::string_view body(ItemId id) override { return memory_.body(id); }
  std::vector<broker::FailureRecord> history(ItemId id) override { return memory_.history(id); }
  void update(const broker::StoredItem& item,
              const std::vector<broker::FailureRecord>& history) override;
  void erase(ItemId id) override;
  broker::Ticket commit() override;
  Durable durable() override { return {durable_, durable_, {}}; }

 private:
  World& world_;
  BrokerJudge& judge_;
  Duration lag_;
  std::function<void()> on_durable_;
  broker::MemoryStorage memory_;
  broker::Ticket last_ = 0, durable_ = 0;
  bool changed_ = false;  // since the last commit
};

/// What one process gives to the disk: one transaction at a time, all that came in meanwhile is the
/// next.
class WatchedDisk final : public broker::Storage {
 public:
  WatchedDisk(SimulatedDisk& disk, BrokerJudge& judge, PutJudge& puts,
              std::function<void()> on_durable)
      : disk_(disk), judge_(judge), puts_(puts), on_durable_(std::move(on_durable)) {
    open_.ticket = 1;
  }

  void load(broker::RestoreTarget& target, BrokerInstance broker_instance, Time now) override;
  void put(const broker::StoredItem& item, const broker::Names& names,
           std::string_view body) override;
  std::string_view body(ItemId id) override { return bodies_.at(id); }
  std::vector<broker::FailureRecord> history(ItemId id) override;
  void update(const broker::StoredItem& item,
              const std::vector<broker::FailureRecord>& history) override;
  void erase(ItemId id) override;
  void save(const broker::StoredProducer& producer) override;
  void forget_producer(std::uint32_t index) override { open_.producers[index] = std::nullopt; }
  void forget_queue(std::uint32_t index) override {
    open_.queues[index] = std::nullopt;
    queues_known_.erase(index);
  }
  broker::Ticket commit() override;
  Durable durable() override { return disk_.durable(); }
  std::vector<std::string> take_warnings() override { return clock_->take_warnings(); }
  /// At an end in order: all that was not written yet is.
  void finish();

 private:
  void load_item(broker::RestoreTarget& target, ItemId id, const DiskItem& row, Time now);
  void look();

  SimulatedDisk& disk_;
  BrokerJudge& judge_;
  PutJudge& puts_;
  std::function<void()> on_durable_;
  std::map<ItemId, std::string> bodies_;
  std::map<ItemId, std::vector<std::pair<UnixMs, broker::FailureRecord>>> histories_;
  std::set<ItemId> failed_;  // there is a state of each
  std::set<std::uint32_t> queues_known_;
  std::optional<StorageClock> clock_;
  Time look_at_{};
  DiskBatch open_;
};

}  // namespace baton::internal::simulation
