#include "broker/producer_table.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace baton::internal::broker {
namespace {

constexpr std::uint32_t looks_at_once = 10'000;  // producers examined per call
constexpr Duration producer_ttl = 10min;         // a lost one may come back and must not put twice

}  // namespace

Producer* ProducerTable::find(const std::string& name) const {
  const auto known = by_name_.find(name);
  return known == by_name_.end() ? nullptr : known->second.get();
}

Producer* ProducerTable::find(std::uint32_t index, std::uint64_t serial) const {
  auto* producer = slots_.find(index);
  return producer && producer->serial == serial ? producer : nullptr;
}

Producer& ProducerTable::make(const std::string& name) {
  auto& producer = *(by_name_[name] = std::make_unique<Producer>());
  producer.name = name;
  producer.serial = ++made_;
  return producer;
}

Producer& ProducerTable::add(const std::string& name) {
  auto& producer = make(name);
  producer.index = slots_.add(producer);
  return producer;
}

Producer& ProducerTable::restore(const StoredProducer& stored) {
  auto& producer = make(std::string(stored.name));
  producer.index = stored.index;
  if (!slots_.restore(producer, stored.index))
    throw std::runtime_error("a stored producer is there twice");
  producer.named = stored.named;
  producer.closed = stored.closed;
  from_bytes(stored.digests, producer.input.run, producer.input.checkpoints, producer.input.began);
  if (stored.undigested > 0)
    producer.input.checkpoints.restore({stored.undigested, {}});  // no input matches it
  producer.put = StreamReceiver(stored.received + 1);
  producer.ever_put = stored.received > SeqNo{};
  producer.confirmed = stored.received;
  producer.counts.done = stored.done;
  producer.counts.dead = stored.dead;
  producer.counts.durable = producer.counts.now();
  producer.counts.accepted = stored.done + stored.dead;
  producer.lost_at = Time::min();  // the next look at it starts its time
  return producer;
}

void ProducerTable::note_changed(Producer& producer) {
  if (std::exchange(producer.changed, true)) return;
  changed_.push_back(producer.index);
}

void ProducerTable::forget_if_settled(Producer& producer) {
  if (producer.may_be_forgotten() && producer.closed) forget(producer);
}

void ProducerTable::forget_lost(Time now) {
  for (auto looks = std::min(looks_at_once, slots_.size()); looks > 0; --looks, ++next_look_) {
    next_look_ %= slots_.size();
    auto* producer = slots_.find(next_look_);
    if (!producer || !producer->may_be_forgotten()) continue;
    if (producer->lost_at == Time::min()) producer->lost_at = now;
    const bool long_ago = producer->lost_at != never && now - producer->lost_at > producer_ttl;
    if (long_ago || !producer->ever_put) forget(*producer);
  }
}

void ProducerTable::forget(Producer& producer) {
  notices_.forget(producer);
  storage_.forget_producer(producer.index);
  slots_.erase(producer.index);
  by_name_.erase(std::string(producer.name));  // a copy: the key must outlive the erase
}

void ProducerTable::save() {
  for (const auto index : changed_) {
    auto* producer = slots_.find(index);
    if (!producer || !std::exchange(producer->changed, false)) continue;
    const auto digests =
        producer->named
            ? to_bytes(producer->input.run, producer->input.checkpoints, producer->input.began)
            : std::string();
    storage_.save({index, producer->name, producer->named, producer->closed,
                   producer->put.received(), producer->counts.done, producer->counts.dead,
                   digests});
    if (producer->counts.now() != producer->counts.durable &&
        !std::exchange(producer->counts.unstored, true))
      unstored_.push_back(index);
  }
  changed_.clear();
}

const std::vector<Producer*>& ProducerTable::stored(Ticket turn, Ticket durable) {
  settled_.clear();
  std::erase_if(unstored_, [&](std::uint32_t index) {
    auto* producer = slots_.find(index);
    if (!producer || !producer->counts.unstored) return true;
    if (!counts_stored(*producer, turn, durable)) return false;
    if (producer->counts.settled() && producer->session && producer->session->put.joining)
      settled_.push_back(producer);
    return true;
  });
  return settled_;
}

/// Whether all counts are stored. If they change in every turn, those of some turns ago are
/// reported.
bool ProducerTable::counts_stored(Producer& producer, Ticket turn, Ticket durable) {
  while (producer.counts.now() != producer.counts.durable) {
    if (producer.counts.writing_in == 0)
      producer.counts.writing_in = turn, producer.counts.writing = producer.counts.now();
    if (producer.counts.writing_in > durable) return false;
    producer.counts.durable = producer.counts.writing;
    producer.counts.writing_in = 0;
  }
  producer.counts.unstored = false;
  return true;
}

}  // namespace baton::internal::broker
