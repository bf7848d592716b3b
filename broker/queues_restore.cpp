// What the storage has kept from a broker before this one: how it comes back; and what is kept of
// producers.
#include <algorithm>
#include <stdexcept>
#include <utility>

#include "broker/queues.hpp"

namespace baton::internal::broker {

void Queues::load(BrokerInstance broker_instance, Time now) {
  loaded_at_ = now;
  begin({}, first_id(broker_instance, {}, {}));  // unless the storage says otherwise
  storage_.load(*this, broker_instance, now);
  if (dead_ == 0) return;
  count_dead();
  for (auto* queue : queue_list_)  // the limits may be lower now
    if (queue) drop_dead_letters(*queue);
}

/// Of what died while the disk was full the item says so, its producer may not: its numbers wait
/// with new items.
void Queues::count_dead() {
  std::vector<std::uint64_t> dead(producer_list_.size());
  items_.each(
      [&](ItemId, const QueuedItem& item) { dead[item.producer] += item.place == Place::dead; });
  for (auto* producer : producer_list_) {
    if (!producer || dead[producer->index] <= producer->dead) continue;
    producer->accepted += dead[producer->index] - producer->dead;
    producer->dead = dead[producer->index];
    note_changed(*producer);
  }
}

void Queues::begin(BrokerInstance broker_instance, ItemId first) {
  previous_broker_ = broker_instance;
  first_id_ = first;
  last_id_ = {first.value - 1};
}

void Queues::queue(std::uint32_t index, std::string_view name) {
  auto& made = queue(std::string(name));
  while (queue_list_.size() <= index) {
    free_queues_.push_back(static_cast<std::uint32_t>(queue_list_.size()));
    queue_list_.push_back(nullptr);
  }
  std::erase(free_queues_, index);
  if (made.index != Queue::no_index || queue_list_[index])
    throw std::runtime_error("a stored queue is there twice");
  made.index = index;
  queue_list_[index] = &made;
  to_serve(made);  // it may be empty: then it is forgotten
}

void Queues::producer(const StoredProducer& stored) {
  while (producer_list_.size() <= stored.index) {
    free_producers_.push_back(static_cast<std::uint32_t>(producer_list_.size()));
    producer_list_.push_back(nullptr);
  }
  std::erase(free_producers_, stored.index);
  auto& producer = new_producer(std::string(stored.name), stored.index);
  producer.named = stored.named;
  producer.closed = stored.closed;
  from_bytes(stored.digests, producer.run, producer.checkpoints, producer.began);
  if (stored.undigested > 0)
    producer.checkpoints.restore({stored.undigested, {}});  // no input is known to be the same
  producer.put = StreamReceiver(stored.received + 1);
  producer.ever_put = stored.received > SeqNo{};
  note_key(producer);
  restored_numbers_[producer.key] = stored.received;
  producer.confirmed = stored.received;
  producer.done = stored.done;
  producer.dead = stored.dead;
  producer.durable = producer.counts();
  producer.accepted = stored.done + stored.dead;
  producer.lost_at = Time::min();  // the first look at it says since when nobody has asked for it
}

void Queues::item(const StoredItem& stored) {
  auto& queue = *queue_list_.at(stored.queue);
  auto& producer = *producer_list_.at(stored.producer);
  auto& item = items_.add(stored.id);
  item.size = stored.size;
  item.queue = stored.queue;
  item.producer = stored.producer;
  item.priority = stored.priority & 15;
  item.failures = stored.failures;
  item.suspect = stored.suspect;
  ++queue.put;
  if (stored.deliveries > 1) redelivered_[stored.id.value] = {stored.deliveries};
  if (stored.dead) {
    item.place = Place::dead;
    ++queue.dead;
    ++dead_;
    keep_dead_letter(queue, stored.id, item);
    return;
  }
  ++restored_items_;
  ++producer.accepted;
  queue.bytes += item.size;
  const std::chrono::milliseconds delay(stored.delay_ms);
  place(item, stored.id, delay, loaded_at_);
  if (stored.again == 0) return;
  puts_.note({stored.again, stored.number}, stored.id);
  if (delay.count() > 0) dues_[stored.id.value] = loaded_at_ + delay;
}

void Queues::save_producers() {
  for (const auto index : changed_producers_) {
    auto* producer = producer_list_[index];
    if (!producer || !std::exchange(producer->changed, false)) continue;
    const auto digests = producer->named
                             ? to_bytes(producer->run, producer->checkpoints, producer->began)
                             : std::string();
    storage_.save({index, producer->name, producer->named, producer->closed,
                   producer->put.received(), producer->done, producer->dead, digests});
    if (producer->counts() != producer->durable && !std::exchange(producer->unstored, true))
      unstored_producers_.push_back(index);
  }
  changed_producers_.clear();
}

void Queues::settles_stored(Ticket turn, Ticket durable) {
  returns_stored(turn, durable);
  std::erase_if(unstored_producers_, [&](std::uint32_t index) {
    auto* producer = producer_list_[index];
    return !producer || !producer->unstored || counts_stored(*producer, turn, durable);
  });
}

/// Whether all of its counts are. They may change with every turn: then those of some turns ago
/// are.
bool Queues::counts_stored(Producer& producer, Ticket turn, Ticket durable) {
  while (producer.counts() != producer.durable) {
    if (producer.writing_in == 0) producer.writing_in = turn, producer.writing = producer.counts();
    if (producer.writing_in > durable) return false;
    producer.durable = producer.writing;
    producer.writing_in = 0;
  }
  producer.unstored = false;
  if (producer.settled() && producer.session && producer.session->joining)
    changed(*producer.session);
  return true;
}

void Queues::note_changed(Producer& producer) {
  if (std::exchange(producer.changed, true)) return;
  changed_producers_.push_back(producer.index);
}

}  // namespace baton::internal::broker
