// Every storage that there is, behind one face: what holds of one holds of all.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/memory_storage.hpp"
#include "tests/disk/stored_items.hpp"
#include "tests/log/model_log.hpp"
#include "tests/worlds/durable_memory.hpp"

namespace baton::internal::broker::test {

/// Where items are kept, and the process that keeps them there now.
class Place {
 public:
  virtual ~Place() = default;
  virtual std::string name() const = 0;
  virtual Storage& storage() = 0;
  /// The process ends in order, and another one begins.
  void restart() {
    loaded = {};
    begin(BrokerInstance{++instance_});
  }

  /// Ends the turn, and waits until all of it is durable.
  void keep() {
    const auto ticket = storage().commit();
    for (const auto until = std::chrono::steady_clock::now() + 20s;
         storage().durable().puts < ticket && std::chrono::steady_clock::now() < until;)
      wait();
    CHECK(storage().durable().puts >= ticket);
  }
  void put(ItemId id, std::string_view body, std::uint32_t queue = 0) {
    StoredItem item;
    item.id = id;
    item.queue = queue;
    item.number = SeqNo{id.value};
    item.size = static_cast<std::uint32_t>(body.size());
    item.priority = 4;
    storage().put(item, {queue == 0 ? "mail" : "video", "rick"}, body);
  }
  void fail(ItemId id, std::uint16_t failures, const std::vector<FailureRecord>& history,
            bool dead = false) {
    StoredItem item;
    item.id = id;
    item.priority = 4;
    item.failures = failures;
    item.dead = dead;
    storage().update(item, history);
  }
  /// The n-th id of this process.
  ItemId id(std::uint64_t n) const { return loaded.first + (n - 1); }

  Loaded loaded;

 protected:
  virtual void begin(BrokerInstance broker_instance) = 0;
  /// For something to become durable.
  virtual void wait() {}
  void load(BrokerInstance broker_instance) {
    storage().load(loaded, broker_instance, std::chrono::steady_clock::now());
    if (loaded.first == ItemId{}) loaded.first = ItemId{1};
  }

 private:
  std::uint64_t instance_ = 6;
};

class InMemory final : public Place {
 public:
  InMemory() { restart(); }
  std::string name() const override { return "memory"; }
  Storage& storage() override { return *storage_; }

 private:
  void begin(BrokerInstance broker_instance) override {
    storage_.emplace();
    load(broker_instance);
  }
  std::optional<MemoryStorage> storage_;
};

class InDurableMemory final : public Place {
 public:
  InDurableMemory() { restart(); }
  std::string name() const override { return "the unit tests' memory"; }
  Storage& storage() override { return storage_; }

 private:
  void begin(BrokerInstance broker_instance) override { load(broker_instance); }
  DurableMemory storage_;
};

class InModel final : public Place {
 public:
  InModel() { restart(); }
  std::string name() const override { return "the simulation's log"; }
  Storage& storage() override { return *storage_; }

 private:
  void begin(BrokerInstance broker_instance) override {
    storage_.reset();
    storage_.emplace(log_);
    load(broker_instance);
  }
  ModelLog log_;
  std::optional<LogStorage> storage_;
};

class OnDisk final : public Place {
 public:
  /// Bodies beyond `max_memory` are read from the disk.
  explicit OnDisk(std::uint64_t max_memory = 1u << 30) : max_memory_(max_memory) { restart(); }
  std::string name() const override { return "the disk"; }
  Storage& storage() override { return *storage_; }

 private:
  void begin(BrokerInstance broker_instance) override {
    storage_.reset();
    log_.reset();
    log_.emplace(directory_.path, changed_);
    storage_.emplace(*log_, LogStorageOptions{max_memory_});
    load(broker_instance);
  }
  void wait() override {
    pollfd item{changed_.fd(), POLLIN, 0};
    REQUIRE(poll(&item, 1, 20'000) > 0);
    changed_.clear();
    storage_->commit();
  }

  const std::uint64_t max_memory_;
  Directory directory_;
  Wake changed_;
  std::optional<DiskLog> log_;
  std::optional<LogStorage> storage_;
};

using Places = std::vector<std::unique_ptr<Place>>;

inline Places places_that_last() {
  Places places;
  places.push_back(std::make_unique<InDurableMemory>());
  places.push_back(std::make_unique<InModel>());
  places.push_back(std::make_unique<OnDisk>());
  return places;
}

inline Places all_places() {
  auto places = places_that_last();
  places.push_back(std::make_unique<InMemory>());
  return places;
}

}  // namespace baton::internal::broker::test
