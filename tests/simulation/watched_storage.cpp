#include "tests/simulation/watched_storage.hpp"

#include <algorithm>
#include <utility>

namespace baton::internal::simulation {

// --- memory --------------------------------------------------------------------------------------

void WatchedMemory::put(const broker::StoredItem& item, const broker::Names& names,
                        std::string_view body) {
  changed_ = true;
  judge_.stored(item, names, body);
  memory_.put(item, names, body);
}

void WatchedMemory::update(const broker::StoredItem& item,
                           const std::vector<broker::FailureRecord>& history) {
  changed_ = true;
  judge_.updated(item);
  memory_.update(item, history);
}

void WatchedMemory::erase(ItemId id) {
  changed_ = true;
  judge_.erased(id);
  memory_.erase(id);
}

broker::Ticket WatchedMemory::commit() {
  if (!std::exchange(changed_, false)) return last_;
  if (lag_ == Duration::zero()) return durable_ = ++last_;
  world_.after(world_.random.between(Duration::zero(), lag_), [this, ticket = ++last_] {
    durable_ = std::max(durable_, ticket);
    on_durable_();
  });
  return last_;
}

// --- disk ----------------------------------------------------------------------------------------

void WatchedDisk::load(broker::RestoreTarget& target, BrokerInstance broker_instance, Time now) {
  const auto rows = disk_.rows();
  clock_.emplace(disk_.noted(), disk_.wall(), now);
  judge_.loads(
      rows.broker_instance,
      [this](ItemId id) {
        const auto state = disk_.rows().states.find(id);
        return state == disk_.rows().states.end() ? 1 : state->second.deliveries;
      },
      [this](ItemId id) { return disk_.rows().items.contains(id); });
  // As on the real disk: an id may have been given by the last process, and not been written.
  const auto first = broker::first_id(broker_instance, rows.broker_instance, rows.last);
  open_.last = {first.value - 1};
  disk_.begin(broker_instance, open_.last, std::move(on_durable_));
  target.begin(rows.broker_instance, first);
  for (const auto& [index, name] : rows.queues) {
    target.queue(index, name);
    queues_known_.insert(index);
  }
  std::map<std::string, PutJudge::Loaded> loaded;
  for (const auto& [index, producer] : rows.producers) {
    auto row = producer.row;
    row.name = producer.name;
    row.digests = producer.digests;
    loaded[producer.name].received = row.received;
    judge_.keeps_up_to(producer.name, row.received);
    target.producer(row);
  }
  for (const auto& [id, row] : rows.items) {
    const auto state = rows.states.find(id);
    const bool dead = state != rows.states.end() && state->second.dead;
    loaded[row.producer_name].items[row.number] = dead;
  }
  puts_.loads(judge_.life(), loaded, disk_.lost_counts());
  for (const auto& [id, row] : rows.items) load_item(target, id, row, now);
  look();
}

/// Now and then, as on the real disk.
void WatchedDisk::look() {
  if (disk_.now() < look_at_) return;
  look_at_ = disk_.now() + 500ms;
  disk_.note(clock_->look(disk_.wall(), disk_.now()));
}

void WatchedDisk::load_item(broker::RestoreTarget& target, ItemId id, const DiskItem& row,
                            Time now) {
  const auto found = disk_.rows().states.find(id);
  const auto* state = found == disk_.rows().states.end() ? nullptr : &found->second;
  broker::StoredItem item;
  item.id = id;
  item.queue = row.queue;
  item.producer = row.producer;
  item.size = static_cast<std::uint32_t>(row.body.size());
  item.priority = row.priority;
  item.delay_ms = clock_->left_ms(state ? state->delay : row.delay, now);
  item.again = row.again;
  item.number = row.number;
  if (state) {
    failed_.insert(id);
    item.failures = state->failures;
    item.dead = state->dead;
    item.suspect = state->suspect;
    item.deliveries = state->deliveries;
    histories_[id] = state->history;
  }
  bodies_[id] = row.body;
  judge_.kept(item, row.producer_name, row.number, disk_.astray());
  target.item(item);
}

void WatchedDisk::put(const broker::StoredItem& item, const broker::Names& names,
                      std::string_view body) {
  judge_.stored(item, names, body);
  bodies_[item.id] = body;
  open_.last = item.id;
  if (queues_known_.insert(item.queue).second) open_.queues[item.queue] = names.queue;
  open_.puts[item.id] = {
      item.queue,        item.producer, std::string(names.producer),
      item.number,       item.priority, clock_->delay(item.delay_ms, disk_.now()),
      std::string(body), item.again};
}

void WatchedDisk::update(const broker::StoredItem& item,
                         const std::vector<broker::FailureRecord>& history) {
  judge_.updated(item);
  DiskState state{item.failures,
                  item.dead,
                  item.suspect,
                  item.deliveries,
                  clock_->delay(item.delay_ms, disk_.now()),
                  {}};
  for (const auto& failure : history) state.history.emplace_back(clock_->at(failure.at), failure);
  failed_.insert(item.id);
  histories_[item.id] = state.history;
  open_.states[item.id] = std::move(state);
}

std::vector<broker::FailureRecord> WatchedDisk::history(ItemId id) {
  std::vector<broker::FailureRecord> history;
  const auto found = histories_.find(id);
  if (found == histories_.end()) return history;
  for (const auto& [at, failure] : found->second)
    history.push_back({failure.consumer, failure.why, clock_->from(at, disk_.now())});
  return history;
}

void WatchedDisk::erase(ItemId id) {
  judge_.erased(id);
  histories_.erase(id);
  bodies_.erase(id);
  if (failed_.erase(id) > 0) open_.states[id] = std::nullopt;
  if (open_.puts.erase(id) == 0) open_.erased.insert(id);
}

void WatchedDisk::save(const broker::StoredProducer& producer) {
  DiskProducer row{producer, std::string(producer.name), std::string(producer.digests)};
  row.row.name = row.row.digests = {};
  open_.producers[producer.index] = std::move(row);
}

void WatchedDisk::finish() {
  look_at_ = {};
  look();
  if (!open_.empty()) disk_.submit(std::move(open_));
}

broker::Ticket WatchedDisk::commit() {
  look();
  if (open_.empty()) return open_.ticket - 1;
  const auto ticket = open_.ticket;
  if (!disk_.idle()) return ticket;
  const auto last = open_.last;
  disk_.submit(std::move(open_));
  open_ = {};
  open_.ticket = ticket + 1;
  open_.last = last;
  return ticket;
}

}  // namespace baton::internal::simulation
