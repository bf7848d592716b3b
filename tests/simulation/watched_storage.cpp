#include "tests/simulation/watched_storage.hpp"

#include <algorithm>
#include <utility>

namespace baton::internal::simulation {

broker::Ticket WatchedMemory::commit() {
  if (!std::exchange(changed_, false)) return last_;
  if (lag_ == Duration::zero()) return durable_ = ++last_;
  world_.after(world_.random.between(Duration::zero(), lag_), [this, ticket = ++last_] {
    durable_ = std::max(durable_, ticket);
    on_durable_();
  });
  return last_;
}

namespace {

/// Tells the judge of each item before the broker is told.
class Restoring final : public broker::RestoreTarget {
 public:
  Restoring(broker::RestoreTarget& target, BrokerJudge& judge, Duration astray)
      : target_(target), judge_(judge), astray_(astray) {}

  void begin(BrokerInstance broker_instance, ItemId first) override {
    target_.begin(broker_instance, first);
  }
  void queue(std::uint32_t index, std::string_view name) override { target_.queue(index, name); }
  void producer(const broker::StoredProducer& producer) override {
    names_[producer.index] = producer.name;
    judge_.keeps_up_to(std::string(producer.name), producer.received);
    target_.producer(producer);
  }
  void item(const broker::StoredItem& item) override {
    judge_.kept(item, names_.at(item.producer), item.number, astray_);
    target_.item(item);
  }

 private:
  broker::RestoreTarget& target_;
  BrokerJudge& judge_;
  const Duration astray_;
  std::map<std::uint32_t, std::string> names_;  // of producers
};

}  // namespace

WatchedDisk::WatchedDisk(World& world, SimulatedDisk& disk, BrokerJudge& judge, PutJudge& puts)
    : WatchedStorage(storage_, judge),
      disk_(disk),
      judge_(judge),
      puts_(puts),
      storage_(disk,
               {1u << 30, [&disk] { return disk.wall(); }, [&world] { return world.now(); }}) {}

void WatchedDisk::load(broker::RestoreTarget& target, BrokerInstance broker_instance, Time now) {
  tell_judges();
  Restoring restoring(target, judge_, disk_.astray());
  storage_.load(restoring, broker_instance, now);
}

/// What lies on the disk when a broker begins.
void WatchedDisk::tell_judges() {
  std::map<std::uint64_t, std::string> names;  // of producers
  std::map<std::string, PutJudge::Loaded> loaded;
  broker::log::CommitLog::Reader reader;
  reader.superblock = [&](const broker::log::Superblock& superblock) {
    judge_.loads(
        superblock.broker_instance,
        [this](ItemId id) {
          const auto state = disk_.state_of(id);
          return state ? state->deliveries : 1;
        },
        [this](ItemId id) { return disk_.has_item(id); });
  };
  reader.queue = [](std::uint64_t, std::string_view) {};
  reader.producer = [&](std::uint64_t index, const broker::log::ProducerRow& row) {
    names[index] = row.name;
    loaded[names[index]].received = row.received;
  };
  reader.item = [&](std::uint64_t, const broker::log::ItemRow& row,
                    const broker::log::StateRow* state) {
    loaded[names.at(row.producer)].items[row.number] = state && state->dead;
  };
  disk_.read(reader);
  puts_.loads(judge_.life(), loaded, disk_.lost_counts());
}

}  // namespace baton::internal::simulation
