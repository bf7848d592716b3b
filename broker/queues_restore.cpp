// Restores what the storage has kept of an earlier broker; and what is stored of producers.
#include <algorithm>
#include <stdexcept>
#include <utility>

#include "broker/queues.hpp"

namespace baton::internal::broker {

void Queues::load(BrokerInstance broker_instance, Time now) {
  loaded_at_ = now;
  begin({}, first_id(broker_instance, {}, {}));  // unless the storage says otherwise
  storage_.load(*this, broker_instance, now);
  update_delivering();
  if (dead() == 0) return;
  count_dead();
  for (const auto& [name, queue] : books_.queues.all())  // the limits may be lower now
    if (queue->dead > 0) drop_dead_letters(*queue);
}

/// If an item died while the disk was full, its state says so, but maybe not its producer's counts,
/// which wait with new items.
void Queues::count_dead() {
  std::vector<std::uint64_t> dead(books_.producers.end());
  books_.items.each(
      [&](ItemId, const QueuedItem& item) { dead[item.producer] += item.place == Place::dead; });
  for (std::uint32_t index = 0; index < dead.size(); ++index) {
    auto* producer = books_.producers.find(index);
    if (!producer || dead[index] <= producer->counts.dead) continue;
    producer->counts.accepted += dead[index] - producer->counts.dead;
    producer->counts.dead = dead[index];
    books_.producers.note_changed(*producer);
  }
}

void Queues::begin(BrokerInstance broker_instance, ItemId first) {
  previous_broker_ = broker_instance;
  first_id_ = first;
  last_id_ = {first.value - 1};
}

void Queues::queue(std::uint32_t index, std::string_view name) {
  serving_.to_serve(books_.queues.restore(std::string(name), index));  // forgotten if empty
}

void Queues::producer(const StoredProducer& stored) {
  auto& producer = books_.producers.restore(stored);
  note_key(producer);
  restored_numbers_[producer.key] = stored.received;
}

void Queues::item(const StoredItem& stored) {
  auto& queue = books_.queues.at(stored.queue);
  auto& producer = books_.producers.at(stored.producer);
  auto& item = books_.items.add(stored.id);
  item.size = stored.size;
  item.queue = stored.queue;
  item.producer = stored.producer;
  item.priority = stored.priority & 15;
  item.failures = stored.failures;
  item.suspect = stored.suspect;
  ++queue.put;
  books_.redeliveries.restore(stored.id, stored.deliveries);
  if (stored.dead) {
    item.place = Place::dead;
    ++queue.dead;
    dead_letters_.keep(queue, stored.id, item);
    return;
  }
  ++restored_items_;
  ++producer.counts.accepted;
  queue.bytes += item.size;
  const std::chrono::milliseconds delay(stored.delay_ms);
  place(item, stored.id, delay, loaded_at_);
  if (stored.again == 0) return;
  puts_.note({stored.again, stored.number}, stored.id);
  if (delay.count() > 0) delays_.note_reclaimable(stored.id, loaded_at_ + delay);
}

}  // namespace baton::internal::broker
