// What the storage has kept from a broker before this one: how it comes back; and what is kept of
// producers.
#include <algorithm>
#include <stdexcept>
#include <utility>

#include "broker/queues.hpp"

namespace baton::broker {

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
  items_.each([&](ItemId, const Item& item) { dead[item.producer] += item.place == Place::dead; });
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
    throw std::runtime_error("a kept queue is there twice");
  made.index = index;
  queue_list_[index] = &made;
  to_serve(made);  // it may be empty: then it is forgotten
}

void Queues::producer(const StoredProducer& kept) {
  while (producer_list_.size() <= kept.index) {
    free_producers_.push_back(static_cast<std::uint32_t>(producer_list_.size()));
    producer_list_.push_back(nullptr);
  }
  std::erase(free_producers_, kept.index);
  auto& producer = new_producer(std::string(kept.name), kept.index);
  producer.named = kept.named;
  producer.closed = kept.closed;
  from_bytes(kept.digests, producer.run, producer.checkpoints, producer.began);
  if (kept.undigested > 0)
    producer.checkpoints.restore({kept.undigested, {}});  // no input is known to be the same
  producer.put = StreamReceiver(kept.received + 1);
  producer.ever_put = kept.received > SeqNo{};
  note_key(producer);
  kept_numbers_[producer.key] = kept.received;
  producer.confirmed = kept.received;
  producer.done = kept.done;
  producer.dead = kept.dead;
  producer.kept = producer.counts();
  producer.accepted = kept.done + kept.dead;
  producer.lost_at = Time::min();  // the first look at it says since when nobody has asked for it
}

void Queues::item(const StoredItem& kept) {
  auto& queue = *queue_list_.at(kept.queue);
  auto& producer = *producer_list_.at(kept.producer);
  auto& item = items_.add(kept.id);
  item.size = kept.size;
  item.queue = kept.queue;
  item.producer = kept.producer;
  item.priority = kept.priority & 15;
  item.failures = kept.failures;
  item.suspect = kept.suspect;
  ++queue.put;
  if (kept.deliveries > 1) redelivered_[kept.id.value] = {kept.deliveries};
  if (kept.dead) {
    item.place = Place::dead;
    ++queue.dead;
    ++dead_;
    keep_dead_letter(queue, kept.id, item);
    return;
  }
  ++kept_items_;
  ++producer.accepted;
  queue.bytes += item.size;
  const std::chrono::milliseconds delay(kept.delay_ms);
  place(item, kept.id, delay, loaded_at_);
  if (kept.again == 0) return;
  puts_.note({kept.again, kept.number}, kept.id);
  if (delay.count() > 0) dues_[kept.id.value] = loaded_at_ + delay;
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
    if (producer->counts() != producer->kept && !std::exchange(producer->unkept, true))
      unkept_producers_.push_back(index);
  }
  changed_producers_.clear();
}

void Queues::settles_kept(Ticket turn, Ticket durable) {
  returns_kept(turn, durable);
  std::erase_if(unkept_producers_, [&](std::uint32_t index) {
    auto* producer = producer_list_[index];
    return !producer || !producer->unkept || counts_kept(*producer, turn, durable);
  });
}

/// Whether all of its counts are. They may change with every turn: then those of some turns ago
/// are.
bool Queues::counts_kept(Producer& producer, Ticket turn, Ticket durable) {
  while (producer.counts() != producer.kept) {
    if (producer.writing_in == 0) producer.writing_in = turn, producer.writing = producer.counts();
    if (producer.writing_in > durable) return false;
    producer.kept = producer.writing;
    producer.writing_in = 0;
  }
  producer.unkept = false;
  if (producer.settled() && producer.session && producer.session->joining)
    changed(*producer.session);
  return true;
}

void Queues::note_changed(Producer& producer) {
  if (std::exchange(producer.changed, true)) return;
  changed_producers_.push_back(producer.index);
}

}  // namespace baton::broker
