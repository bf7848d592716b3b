// A storage that outlives its broker, in memory: what it is told is durable at once, unless the
// test says otherwise.
#pragma once

#include <map>
#include <string>

#include "broker/storage.hpp"

namespace baton::internal::broker::test {

inline CoreSettings durable_settings() {
  CoreSettings settings;
  settings.durable = true;
  return settings;
}

class DurableMemory : public Storage {
 public:
  Ticket most_puts = UINT64_MAX;     ///< new items and numbers are durable up to this turn only
  Ticket most_settles = UINT64_MAX;  ///< and all else up to this one

  void load(RestoreTarget& target, BrokerInstance broker_instance, Time) override {
    const auto first = first_id(broker_instance, broker_instance_, last_);
    target.begin(broker_instance_, first);
    broker_instance_ = broker_instance;
    last_ = {first.value - 1};
    for (const auto& [index, name] : queues_) target.queue(index, name);
    for (const auto& [index, producer] : producers_) {
      auto row = producer.row;
      row.name = producer.name;
      row.digests = producer.digests;
      target.producer(row);
    }
    for (const auto& [id, item] : items_) target.item(item);
  }
  void put(const StoredItem& item, const Names& names, std::string_view body) override {
    auto& stored = items_[item.id] = item;  // no time passes while it is kept
    stored.size = static_cast<std::uint32_t>(body.size());
    queues_.emplace(item.queue,
                    names.queue);  // the first name stays, as on the disk, until it is forgotten
    last_ = item.id;
    bodies_[item.id] = body;
  }
  std::string_view body(ItemId id) override { return bodies_.at(id); }
  void update(const StoredItem& item, const std::vector<FailureRecord>& history) override {
    auto& stored = items_.at(item.id);
    stored.failures = item.failures;
    stored.dead = item.dead;
    stored.suspect = item.suspect;
    stored.deliveries = item.deliveries;
    stored.delay_ms = item.delay_ms;
    histories_[item.id] = history;
  }
  std::vector<FailureRecord> history(ItemId id) override { return histories_[id]; }
  void erase(ItemId id) override {
    items_.erase(id);
    bodies_.erase(id);
    histories_.erase(id);
  }
  void save(const StoredProducer& producer) override {
    producers_[producer.index] = {producer, std::string(producer.name),
                                  std::string(producer.digests)};
  }
  void forget_producer(std::uint32_t index) override { producers_.erase(index); }
  void forget_queue(std::uint32_t index) override { queues_.erase(index); }
  const std::map<std::uint32_t, std::string>& queues() const { return queues_; }
  Ticket commit() override { return ++turn_; }
  Durable durable() override {
    return {std::min(turn_, most_puts), std::min(turn_, most_settles),
            most_puts < turn_ ? "full" : ""};
  }
  Ticket turn() const { return turn_; }
  /// What it knows of producers is forgotten from now on back to `other`: it was not durable.
  void lose_producers(const DurableMemory& other) { producers_ = other.producers_; }

 private:
  struct Producer {
    StoredProducer row;
    std::string name, digests;
  };
  BrokerInstance broker_instance_;
  ItemId last_;
  std::map<std::uint32_t, std::string> queues_;
  std::map<std::uint32_t, Producer> producers_;
  std::map<ItemId, StoredItem> items_;
  std::map<ItemId, std::string> bodies_;
  std::map<ItemId, std::vector<FailureRecord>> histories_;
  Ticket turn_ = 0;
};

}  // namespace baton::internal::broker::test
