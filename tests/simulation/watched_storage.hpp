// The broker's storages in the simulation: memory, or a log on a disk. The judge sees what they are
// told.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "broker/log/log_storage.hpp"
#include "broker/memory_storage.hpp"
#include "tests/simulation/broker_judge.hpp"
#include "tests/simulation/simulated_disk.hpp"

namespace baton::internal::simulation {

/// Passes all on to `storage`.
class WatchedStorage : public broker::Storage {
 public:
  void put(const broker::StoredItem& item, const broker::Names& names,
           std::string_view body) override {
    judge_.stored(item, names, body);
    storage_.put(item, names, body);
  }
  void update(const broker::StoredItem& item,
              const std::vector<broker::FailureRecord>& history) override {
    judge_.updated(item);
    storage_.update(item, history);
  }
  void erase(ItemId id) override {
    judge_.erased(id);
    storage_.erase(id);
  }
  std::string_view body(ItemId id) override { return storage_.body(id); }
  std::string_view part(ItemId id, std::uint64_t offset, std::size_t size,
                        std::uint32_t& check) override {
    return storage_.part(id, offset, size, check);
  }
  std::vector<broker::FailureRecord> history(ItemId id) override { return storage_.history(id); }
  void save(const broker::StoredProducer& producer) override { storage_.save(producer); }
  void forget_producer(std::uint32_t index) override { storage_.forget_producer(index); }
  void forget_queue(std::uint32_t index) override { storage_.forget_queue(index); }
  broker::Ticket commit() override { return storage_.commit(); }
  Durable durable() override { return storage_.durable(); }
  const broker::StorageFailure* failure() const override { return storage_.failure(); }
  std::vector<std::string> take_warnings() override { return storage_.take_warnings(); }

 protected:
  WatchedStorage(broker::Storage& storage, BrokerJudge& judge) : storage_(storage), judge_(judge) {}

 private:
  broker::Storage& storage_;
  BrokerJudge& judge_;
};

/// Memory that takes its time to call something durable.
class WatchedMemory final : public WatchedStorage {
 public:
  /// `on_durable` is called when something has become durable.
  WatchedMemory(World& world, BrokerJudge& judge, Duration lag, std::function<void()> on_durable)
      : WatchedStorage(memory_, judge),
        world_(world),
        lag_(lag),
        on_durable_(std::move(on_durable)) {}

  void put(const broker::StoredItem& item, const broker::Names& names,
           std::string_view body) override {
    changed_ = true;
    WatchedStorage::put(item, names, body);
  }
  void update(const broker::StoredItem& item,
              const std::vector<broker::FailureRecord>& history) override {
    changed_ = true;
    WatchedStorage::update(item, history);
  }
  void erase(ItemId id) override {
    changed_ = true;
    WatchedStorage::erase(id);
  }
  broker::Ticket commit() override;
  Durable durable() override { return {durable_, durable_, {}}; }

 private:
  World& world_;
  Duration lag_;
  std::function<void()> on_durable_;
  broker::MemoryStorage memory_;
  broker::Ticket last_ = 0, durable_ = 0;
  bool changed_ = false;  // since the last commit
};

/// The broker's own storage, over a simulated disk.
class WatchedDisk final : public WatchedStorage {
 public:
  WatchedDisk(World& world, SimulatedDisk& disk, BrokerJudge& judge, PutJudge& puts);

  void load(broker::RestoreTarget& target, BrokerInstance broker_instance, Time now) override;
  /// At an end in order: all that was not written yet is.
  void finish() { storage_.end(); }

 private:
  void tell_judges();

  SimulatedDisk& disk_;
  BrokerJudge& judge_;
  PutJudge& puts_;
  broker::LogStorage storage_;
};

}  // namespace baton::internal::simulation
