// Invariants of the queues between two turns: see queues.hpp.
#include "broker/credit.hpp"
#include "broker/queues.hpp"
#include "proto/ensure.hpp"

namespace baton::internal::broker {

void Queues::check_queue(const Queue& queue, const PlaceCounts& counts,
                         std::uint64_t dead_bytes) const {
  ensure(counts[static_cast<std::size_t>(Place::ready)] ==
         queue.ready.size() + queue.suspects.size());
  ensure(counts[static_cast<std::size_t>(Place::delayed)] == queue.delayed);
  ensure(counts[static_cast<std::size_t>(Place::held)] == queue.held);
  ensure(counts[static_cast<std::size_t>(Place::returning)] == queue.returning);
  ensure(dead_letters_.bytes(queue) == dead_bytes);
  ensure(queue.dead_letters.size() <= settings_.max_dead);
  std::uint64_t granted = 0;
  for (const auto* session : queue.producers) granted += unused_credit(*session);
  ensure(queue.granted == granted);
  ensure(!queue.reserved || queue.reserved->consumer.process->reserved == &queue);
  ensure(!queue.reserved || !queue.suspects.empty() || queue.to_serve || !serving_.delivering());
  for (const auto* session : queue.waiting) ensure(!session->consumer.process->set_aside());
  ensure(queue.put == queue.depth() + queue.done + queue.dead);
  ensure(queue.to_serve || !serving_.delivering() || queue.ready.empty() || queue.waiting.empty());
  ensure(queue.index == Queue::no_index || books_.queues.find(queue.index) == &queue);
  ensure(queue.to_serve || !queue.may_be_forgotten());
}

/// One producer at a time may go beyond the bound, by its last notice.
void Queues::check_notices() const {
  constexpr std::uint64_t largest = 64u << 10;
  std::uint64_t bytes = 0, away = 0;
  for (std::uint32_t index = 0; index < books_.producers.end(); ++index) {
    const auto* producer = books_.producers.find(index);
    if (!producer) continue;
    bytes += producer->outcomes.unconfirmed_bytes();
    away += producer->away != 0;
    ensure(producer->away == 0 || !producer->session);
  }
  const auto& notices = books_.producers.notices();
  ensure(away == notices.away() && bytes == notices.bytes() &&
         bytes <= settings_.notice_bytes + largest);
}

void Queues::check_invariants() const {
  std::vector<PlaceCounts> counts(books_.queues.end());  // by Place
  std::vector<std::uint64_t> dead_bytes(books_.queues.end());
  std::uint64_t dead = 0;
  std::map<const HolderProcess*, HolderProcess> hands;
  books_.items.each([&](ItemId, const QueuedItem& item) {
    if (item.place == Place::dead) dead_bytes[item.queue] += item.size;
    ++counts[item.queue][static_cast<std::size_t>(item.place)];
    dead += item.place == Place::dead;
    ensure((item.place == Place::held) == (item.holder != nullptr));
    ensure(!item.holder || item.holder->state != Session::State::ended);
    if (!item.holder) return;
    auto& in_hand = hands[item.holder->consumer.process.get()];
    ++in_hand.held;
    in_hand.suspects += item.suspect;
  });
  for (const auto& [process, in_hand] : hands)
    ensure(process->held == in_hand.held && process->suspects == in_hand.suspects);
  std::uint64_t suspects = 0;
  ensure(dead == dead_letters_.count() && dead <= settings_.max_dead_total);
  check_notices();
  for (const auto& [name, queue] : books_.queues.all()) {
    const bool is_known = queue->index != Queue::no_index;
    check_queue(*queue, is_known ? counts[queue->index] : PlaceCounts{},
                is_known ? dead_bytes[queue->index] : 0);
    suspects += queue->suspects.size();
  }
  ensure(suspects == serving_.suspects());
}

}  // namespace baton::internal::broker
