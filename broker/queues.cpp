#include "broker/queues.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "broker/credit.hpp"

namespace baton::internal::broker {

Queues::Queues(const CoreSettings& settings, Storage& storage, Effects& effects,
               std::vector<Session*>& changed)
    : settings_(settings),
      storage_(storage),
      effects_(effects),
      changed_(changed),
      books_(settings, storage),
      dead_letters_(settings, books_),
      serving_(settings, storage, effects, books_) {}

void Queues::changed(Session& session) {
  if (std::exchange(session.changed, true)) return;
  changed_.push_back(&session);
}

void Queues::leave(Queue& queue) {
  --queue.users;
  serving_.to_serve(queue);  // it may be forgotten
}

void Queues::use_queues(Session& session) {
  for (const auto& name : session.hello.queues) use(*session.queues.emplace_back(&queue(name)));
}

void Queues::leave_queues(Session& session) {
  for (auto* queue : std::exchange(session.queues, {})) leave(*queue);
}

void Queues::forget_unused(const std::vector<Queue*>& queues) {
  for (auto* queue : queues) {
    if (queue->to_serve || !queue->may_be_forgotten()) continue;
    if (queue->index != Queue::no_index) storage_.forget_queue(queue->index);
    books_.queues.erase(*queue);
  }
}

Producer& Queues::producer(const std::string& name, bool named, SeqNo first) {
  if (auto* known = books_.producers.find(name)) return *known;
  auto& producer = books_.producers.add(name);
  producer.named = named;
  producer.put = StreamReceiver(first);
  producer.confirmed = producer.put.received();
  note_key(producer);
  books_.producers.note_changed(producer);
  return producer;
}

void Queues::put(Producer& producer, Queue& queue, const PutItem& put, SeqNo number, Time now) {
  books_.queues.give_index(queue);
  last_id_ = last_id_ + 1;
  auto& item = books_.items.add(last_id_);
  item.size = static_cast<std::uint32_t>(put.body.size());
  item.queue = queue.index;
  item.producer = producer.index;
  item.priority = put.priority & 15;
  ++producer.counts.accepted;
  producer.ever_put = true;
  producer.put_bytes += put.body.size();
  ++queue.put;
  queue.bytes += item.size;
  const bool again = reclaims_ && number <= producer.input.sent_before;
  auto stored = to_store(item, last_id_);
  stored.number = number;
  stored.delay_ms = put.delay_ms;
  stored.again = again ? producer.key : 0;
  storage_.put(stored, {queue.name, producer.name}, put.body);
  books_.producers.note_changed(producer);
  if (producer.key != 0) books_.unstored_puts.add(last_id_, producer.index, number);
  const std::chrono::milliseconds delay(put.delay_ms);
  if (!again || !put_again(producer, item, last_id_, number, now))
    place(item, last_id_, delay, now);
}

/// A new item goes to the back of its queue, now or when its delay is over.
void Queues::place(QueuedItem& item, ItemId id, Duration delay, Time now) {
  auto& queue = books_.queue_of(item);
  serving_.to_serve(queue);  // its depth has changed
  if (delay == Duration::zero()) {
    if (item.suspect) return serving_.make_ready(item, id);
    item.place = Place::ready;
    queue.ready.push_back(item.priority, id);
    return;
  }
  delay_until(item, id, now + delay);
}

void Queues::delay_until(QueuedItem& item, ItemId id, Time due) {
  item.place = Place::delayed;
  ++books_.queue_of(item).delayed;
  delays_.add(id, due, reclaims_);
}

/// The item is reclaimed by a session that got it from an earlier broker, when that delay was over.
/// Returns false if the item is not delayed, or not reclaimable.
bool Queues::undelay(QueuedItem& item, ItemId id) {
  if (item.place != Place::delayed || !delays_.take_out(id)) return false;
  --books_.queue_of(item).delayed;
  return true;
}

void Queues::tick(Time now) {
  std::uint64_t left = settings_.turn_work;
  while (const auto id = delays_.next(now, left)) {
    auto* item = books_.items.find(*id);
    assert(item && item->place == Place::delayed);
    auto& queue = books_.queue_of(*item);
    --queue.delayed;
    item->place = Place::ready;
    queue.ready.push_back(item->priority, *id);
    serving_.to_serve(queue);
  }
}

QueuedItem* Queues::held_by(Session& session, ItemId id) {
  auto* item = books_.items.find(id);
  return item && item->place == Place::held && item->holder == &session ? item : nullptr;
}

/// The session no longer holds the item; the caller moves it to its next place.
void Queues::let_go(Session& session, QueuedItem& item) {
  auto& queue = books_.queue_of(item);
  serving_.note_taken_back();
  item.holder = nullptr;
  --queue.held;
  --session.consumer.held;
  --session.consumer.process->held;
  erase_settled(session);
  serving_.note_holds_less(session, item.suspect);
}

/// Removes settled deliveries: always at the front, and everywhere once they are the majority.
void Queues::erase_settled(Session& session) {
  const auto settled = [&](const ConsumerState::Delivered& handed) {
    const auto* item = books_.items.find(handed.id);
    return !item || item->holder != &session || item->delivered != handed.count;
  };
  auto& list = session.consumer.delivered;
  while (!list.empty() && settled(list.front())) list.pop_front();
  if (list.size() > 2 * session.consumer.held + 1024) std::erase_if(list, settled);
  if (session.consumer.requested < session.consumer.requested_in_all)
    serving_.request(session, session.consumer.requested_in_all);  // it may hold more again
}

bool Queues::settle(Session& session, const Settlement& settlement, Time now) {
  auto id = settlement.id;
  if (!puts_.empty()) {
    if (settle_put(session, settlement)) return true;
    id = puts_.called(id);
  }
  auto* item = held_by(session, id);
  if (!item) return false;
  switch (settlement.kind) {
    case Settlement::Kind::done:
      ack(session, *item, id);
      break;
    case Settlement::Kind::failed:
      fail(session, *item, id, settlement, now);
      break;
    case Settlement::Kind::released:
      release(session, *item, id);
      break;
  }
  return true;
}

void Queues::ack(Session& session, QueuedItem& item, ItemId id) {
  serving_.arrived(session, item.delivered);
  const bool suspect = item.suspect;
  --books_.queue_of(item).held;
  --session.consumer.held;
  --session.consumer.process->held;
  done(item, id);
  erase_settled(session);
  serving_.note_holds_less(session, suspect);
}

std::optional<std::string> Queues::take_unacked(Queue& queue) {
  const auto id = serving_.pop(queue);
  if (!id) return std::nullopt;
  std::string body(storage_.body(*id));
  done(*books_.items.find(*id), *id);
  return body;
}

/// Removes the item, which is in no list of its queue any more, from the books.
void Queues::done(QueuedItem& item, ItemId id) {
  auto& queue = books_.queue_of(item);
  auto& producer = books_.producer_of(item);
  books_.redeliveries.erase(id);
  if (!puts_.empty()) puts_.forget_name(id);
  queue.bytes -= item.size;
  ++queue.done;
  ++producer.counts.done;
  books_.producers.note_changed(producer);
  books_.items.remove(id);
  storage_.erase(id);
  serving_.to_serve(queue);  // its producers have room
  books_.producers.forget_if_settled(producer);
}

void Queues::release(Session& session, QueuedItem& item, ItemId id) {
  let_go(session, item);
  serving_.make_ready(item, id);
}

void Queues::fail(Session& session, QueuedItem& item, ItemId id, const Settlement& settlement,
                  Time now) {
  let_go(session, item);
  // Until this is confirmed, its holder may reclaim the item after a crash, to fail it again. If
  // another session has it by then, that one's reclaim has the higher count. This need not wait for
  // the disk, since the first holder is done with it.
  ++books_.redeliveries[id].deliveries;
  item.suspect = false;  // its holder lives
  failed(item, id, {session.display_name(), std::string(settlement.reason), now},
         std::chrono::milliseconds(settlement.delay_ms), Told::by_holder);
}

/// Without its delay, and without what update() ignores.
StoredItem Queues::to_store(const QueuedItem& item, ItemId id) {
  StoredItem stored;
  stored.id = id;
  stored.queue = item.queue;
  stored.producer = item.producer;
  stored.size = item.size;
  stored.priority = item.priority;
  stored.failures = item.failures;
  stored.dead = item.place == Place::dead;
  stored.suspect = item.suspect;
  return stored;
}

void Queues::update_storage(const QueuedItem& item, ItemId id,
                            const std::vector<FailureRecord>& history, Duration delay) {
  auto stored = to_store(item, id);
  stored.delay_ms =
      static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::milliseconds>(delay).count());
  stored.deliveries = books_.redeliveries.deliveries_of(id);
  storage_.update(stored, history);
}

/// Items that the session still holds of its deliveries after the first `count`.
std::vector<ItemId> Queues::held_after(Session& session, std::uint64_t count) {
  std::vector<ItemId> ids;
  for (const auto& handed : session.consumer.delivered) {
    const auto* item = handed.count > count ? held_by(session, handed.id) : nullptr;
    if (item && item->delivered == handed.count) ids.push_back(handed.id);
  }
  for (const auto& large : session.consumer.flow.large)  // other items were handled above
    if (const auto* item = held_by(session, large.id); item && item->delivered == large.delivered &&
                                                       large.delivered <= count &&
                                                       (large.end == 0 || large.end > count))
      ids.push_back(large.id);
  return ids;
}

void Queues::take_back_after(Session& session, std::uint64_t count) {
  for (const auto id : held_after(session, count)) {
    auto& item = *books_.items.find(id);
    lose(session, item, id);
    update_storage(item, id, storage_.history(id));
    come_back(item, id);
  }
  serving_.forget_link(session);
}

void Queues::give_all_back(Session& session, const std::string& why, Time now) {
  // An incomplete item cannot have begun.
  const auto coming =
      DeliveryFlow::is_parting(session) ? session.consumer.flow.large.back().id : ItemId{};
  std::uint32_t perhaps_begun = session.consumer.most_waiting;
  for (const auto id : held_after(session, 0)) {
    auto& item = *books_.items.find(id);
    const bool begun = item.delivered <= session.consumer.begun || perhaps_begun > 0;
    perhaps_begun -= perhaps_begun > 0;
    if (!why.empty() && begun && id != coming) {
      suspect(session, item, id, {session.display_name(), why, now});
      continue;
    }
    lose(session, item, id);
    update_storage(item, id, storage_.history(id));
    come_back(item, id);
  }
  assert(session.consumer.held == 0);
  forget_put_reclaims(session);
  serving_.forget_link(session);
}

/// An item that was begun when its holder was lost has failed, and is suspect. An item that may
/// have begun is only suspect: it fails if it kills a holder again, which then holds nothing else.
/// So a death is never without effect, however early it comes, and items that waited beside a
/// poison item are never counted.
void Queues::suspect(Session& session, QueuedItem& item, ItemId id, FailureRecord failure) {
  const bool counts = item.delivered <= session.consumer.begun || item.suspect;
  lose(session, item, id);
  item.suspect = true;
  if (counts) return failed(item, id, std::move(failure), Duration::zero(), Told::by_nobody);
  update_storage(item, id, storage_.history(id));
  come_back(item, id);
}

void Queues::release_all(Session& session) {
  for (const auto id : held_after(session, 0)) release(session, *books_.items.find(id), id);
  assert(session.consumer.held == 0);
  give_put_reclaims_back(session);  // and waits until its other entries are stored
  serving_.forget_link(session);
}

}  // namespace baton::internal::broker
