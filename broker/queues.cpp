#include "broker/queues.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "broker/credit.hpp"

namespace baton::internal::broker {
namespace {

constexpr std::size_t looks_at_once = 10'000;  // at producers that may be forgotten
constexpr Duration producer_ttl = 10min;       // a lost one may come back and must not put twice

/// What a consumer is called in the history of an item.
std::string called(const Session& session) {
  if (!session.hello.name.empty()) return session.hello.name;
  return session.hello.host + "/" + std::to_string(session.hello.pid);
}

/// One that was used before and is free, or else a new one.
template <class Thing>
std::uint32_t next_index(std::vector<Thing*>& list, std::vector<std::uint32_t>& free) {
  if (free.empty()) {
    list.push_back(nullptr);
    return static_cast<std::uint32_t>(list.size() - 1);
  }
  const auto index = free.back();
  free.pop_back();
  return index;
}

}  // namespace

Queues::Queues(const CoreSettings& settings, Storage& storage, Effects& effects,
               std::vector<Session*>& changed)
    : settings_(settings),
      storage_(storage),
      effects_(effects),
      changed_(changed),
      delivery_flow_(settings, storage, effects, items_) {}

void Queues::changed(Session& session) {
  if (std::exchange(session.changed, true)) return;
  changed_.push_back(&session);
}

Queue& Queues::queue(const std::string& name) {
  auto& queue = by_name_[name];
  if (!queue) {
    queue = std::make_unique<Queue>();
    queue->name = name;
  }
  return *queue;
}

void Queues::give_index(Queue& queue) {
  if (queue.index != Queue::no_index) return;
  queue.index = next_index(queue_list_, free_queues_);
  queue_list_[queue.index] = &queue;
}

void Queues::leave(Queue& queue) {
  --queue.users;
  to_serve(queue);  // it may be forgotten
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
    if (queue->index != Queue::no_index) {
      storage_.forget_queue(queue->index);
      queue_list_[queue->index] = nullptr;
      free_queues_.push_back(queue->index);
    }
    by_name_.erase(std::string(queue->name));  // a copy: the key must outlive the erasing
  }
}

Producer& Queues::producer(const std::string& name, bool named, SeqNo first) {
  if (auto* known = find_producer(name)) return *known;
  auto& producer = new_producer(name, next_index(producer_list_, free_producers_));
  producer.named = named;
  producer.put = StreamReceiver(first);
  producer.confirmed = producer.put.received();
  note_key(producer);
  note_changed(producer);
  return producer;
}

Producer* Queues::find_producer(const std::string& name) {
  const auto known = producers_.find(name);
  return known == producers_.end() ? nullptr : known->second.get();
}

Producer* Queues::find_producer(std::uint32_t index, std::uint64_t serial) {
  auto* producer = index < producer_list_.size() ? producer_list_[index] : nullptr;
  return producer && producer->serial == serial ? producer : nullptr;
}

Producer& Queues::new_producer(const std::string& name, std::uint32_t index) {
  auto& producer = *(producers_[name] = std::make_unique<Producer>());
  producer.name = name;
  producer.index = index;
  producer.serial = ++producers_made_;
  producer.outcomes.set_credit({UINT64_MAX}, UINT64_MAX);
  producer_list_[index] = &producer;
  return producer;
}

void Queues::forget_if_settled(Producer& producer) {
  if (producer.may_be_forgotten() && producer.closed) forget(producer);
}

void Queues::forget_lost_producers(Time now) {
  for (auto looks = std::min(looks_at_once, producer_list_.size()); looks > 0;
       --looks, ++next_look_) {
    next_look_ %= producer_list_.size();
    auto* producer = producer_list_[next_look_];
    if (!producer || !producer->may_be_forgotten()) continue;
    if (producer->lost_at == Time::min()) producer->lost_at = now;
    const bool long_ago = producer->lost_at != never && now - producer->lost_at > producer_ttl;
    if (long_ago || !producer->ever_put) forget(*producer);
  }
}

void Queues::forget(Producer& producer) {
  storage_.forget_producer(producer.index);
  producer_list_[producer.index] = nullptr;
  free_producers_.push_back(producer.index);
  producers_.erase(std::string(producer.name));  // a copy: the key must outlive the erasing
}

void Queues::put(Producer& producer, Queue& queue, const PutItem& put, SeqNo number, Time now) {
  give_index(queue);
  last_id_ = last_id_ + 1;
  auto& item = items_.add(last_id_);
  item.size = static_cast<std::uint32_t>(put.body.size());
  item.queue = queue.index;
  item.producer = producer.index;
  item.priority = put.priority & 15;
  ++producer.accepted;
  producer.ever_put = true;
  producer.put_bytes += put.body.size();
  ++queue.put;
  queue.bytes += item.size;
  const bool again = reclaims_ && number <= producer.sent_before;
  auto stored = to_store(item, last_id_);
  stored.number = number;
  stored.delay_ms = put.delay_ms;
  stored.again = again ? producer.key : 0;
  storage_.put(stored, {queue.name, producer.name}, put.body);
  note_changed(producer);
  if (producer.key != 0) unstored_puts_.add(last_id_, producer.index, number);
  const std::chrono::milliseconds delay(put.delay_ms);
  if (!again || !put_again(producer, item, last_id_, number, now))
    place(item, last_id_, delay, now);
}

/// Of what may not be stored yet: its holder can name it to a broker after this one.
PutName Queues::put_name(const QueuedItem& item, ItemId id) const {
  const auto number = unstored_puts_.number(id);
  return number == SeqNo{} ? PutName{} : PutName{producer_list_[item.producer]->key, number};
}

/// Where a new item goes: to the back of its queue, now or when its delay is over.
void Queues::place(QueuedItem& item, ItemId id, Duration delay, Time now) {
  auto& queue = queue_of(item);
  to_serve(queue);  // its depth changed
  if (delay == Duration::zero()) {
    if (item.suspect) return make_ready(item, id);
    item.place = Place::ready;
    queue.ready.push_back(item.priority, id);
    return;
  }
  delay_until(item, id, now + delay);
}

void Queues::delay_until(QueuedItem& item, ItemId id, Time due) {
  item.place = Place::delayed;
  ++queue_of(item).delayed;
  delayed_.push({due, id});
  if (reclaims_) dues_[id.value] = due;
}

/// Reclaimed by who was given it when that delay was over, by an earlier broker. False: it does not
/// wait, or not for that.
bool Queues::undelay(QueuedItem& item, ItemId id) {
  const auto due = dues_.find(id.value);
  if (item.place != Place::delayed || due == dues_.end()) return false;
  undelayed_.insert({due->second, id});
  dues_.erase(due);
  --queue_of(item).delayed;
  return true;
}

void Queues::tick(Time now) {
  for (auto left = settings_.turn_work; left > 0 && !delayed_.empty() && delayed_.top().due <= now;
       --left) {
    const auto [due, id] = delayed_.top();
    delayed_.pop();
    if (const auto undelayed = undelayed_.find({due, id}); undelayed != undelayed_.end()) {
      undelayed_.erase(undelayed);
      continue;
    }
    auto* item = items_.find(id);
    assert(item && item->place == Place::delayed);
    auto& queue = queue_of(*item);
    --queue.delayed;
    item->place = Place::ready;
    queue.ready.push_back(item->priority, id);
    to_serve(queue);
  }
}

/// Apart from serving: while nothing is delivered, producers are given room all the same.
void Queues::touch(Queue& queue) {
  if (std::exchange(queue.touched, true)) return;
  touched_.push_back(&queue);
}

void Queues::to_serve(Queue& queue) {
  touch(queue);
  if (std::exchange(queue.to_serve, true)) return;
  to_serve_.push_back(&queue);
}

QueuedItem* Queues::held_by(Session& session, ItemId id) {
  auto* item = items_.find(id);
  return item && item->place == Place::held && item->holder == &session ? item : nullptr;
}

/// The item leaves the session's hands; the caller puts it in its next place.
void Queues::let_go(Session& session, QueuedItem& item) {
  auto& queue = queue_of(item);
  ++taken_back_;
  item.holder = nullptr;
  --queue.held;
  --session.held;
  --session.process->held;
  erase_settled(session);
  hands_are_freer(session, item.suspect);
}

/// Forgets deliveries that are settled: always at the front, and everywhere once they are the most
/// of the list.
void Queues::erase_settled(Session& session) {
  const auto settled = [&](const Session::Delivered& handed) {
    const auto* item = items_.find(handed.id);
    return !item || item->holder != &session || item->delivered != handed.count;
  };
  auto& list = session.delivered;
  while (!list.empty() && settled(list.front())) list.pop_front();
  if (list.size() > 2 * session.held + 1024) std::erase_if(list, settled);
  if (session.requested < session.requested_in_all)
    request(session, session.requested_in_all);  // it may hold more again
}

bool Queues::ack(Session& session, ItemId id) {
  if (!puts_.empty()) {
    if (settle_put(session, id, PutReclaims::Reclaim::Settled::done, {}, 0)) return true;
    id = puts_.called(id);
  }
  auto* item = held_by(session, id);
  if (!item) return false;
  delivery_flow_.arrived(session, item->delivered);
  const bool suspect = item->suspect;
  --queue_of(*item).held;
  --session.held;
  --session.process->held;
  done(*item, id);
  erase_settled(session);
  hands_are_freer(session, suspect);
  return true;
}

std::optional<std::string> Queues::take_unacked(Queue& queue) {
  if (!delivers() || !queue.has_ready() || !queue.waiting.empty()) return std::nullopt;
  const bool suspect = queue.suspect_is_next();
  suspects_ -= suspect;
  const auto id = suspect ? queue.suspects.pop() : queue.ready.pop();
  std::string body(storage_.body(id));
  done(*items_.find(id), id);
  return body;
}

/// The item, which is in no list of its queue any more, is gone from the books.
void Queues::done(QueuedItem& item, ItemId id) {
  auto& queue = queue_of(item);
  auto& producer = *producer_list_[item.producer];
  if (!redelivered_.empty()) redelivered_.erase(id.value);
  if (!puts_.empty()) puts_.forget_name(id);
  queue.bytes -= item.size;
  ++queue.done;
  ++producer.done;
  note_changed(producer);
  items_.remove(id);
  storage_.erase(id);
  to_serve(queue);  // there is room for its producers
  forget_if_settled(producer);
}

bool Queues::release(Session& session, ItemId id) {
  if (!puts_.empty()) {
    if (release_put(session, id)) return true;
    id = puts_.called(id);
  }
  auto* item = held_by(session, id);
  if (!item) return false;
  let_go(session, *item);
  make_ready(*item, id);
  return true;
}

void Queues::make_ready(QueuedItem& item, ItemId id) {
  auto& queue = queue_of(item);
  item.place = Place::ready;
  if (item.suspect) {
    queue.suspects.push(item.priority, id);
    ++suspects_;
  } else {
    queue.ready.push_returned(item.priority, id);
  }
  to_serve(queue);
}

bool Queues::fail(Session& session, const Failure& failure, Time now) {
  FailureRecord record{called(session), std::string(failure.reason), now};
  auto id = failure.id;
  if (!puts_.empty()) {
    if (settle_put(session, id, PutReclaims::Reclaim::Settled::failed, record, failure.delay_ms))
      return true;
    id = puts_.called(id);
  }
  auto* item = held_by(session, id);
  if (!item) return false;
  let_go(session, *item);
  // Its holder, who was not told that this is kept, may reclaim it after a crash, to say so again.
  // Another one may have it by then: that one's reclaim is the higher one. It need not wait for the
  // disk, since the first holder is done with it.
  ++redelivered_[id.value].deliveries;
  item->suspect = false;  // its holder lives
  failed(*item, id, std::move(record), std::chrono::milliseconds(failure.delay_ms),
         Told::by_holder);
  return true;
}

/// Its delay apart, and what update() need not say.
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
  stored.deliveries = deliveries_of(id);
  storage_.update(stored, history);
}

/// What of the session's deliveries after the first `count` it still holds.
std::vector<ItemId> Queues::held_after(Session& session, std::uint64_t count) {
  std::vector<ItemId> ids;
  for (const auto& handed : session.delivered) {
    const auto* item = handed.count > count ? held_by(session, handed.id) : nullptr;
    if (item && item->delivered == handed.count) ids.push_back(handed.id);
  }
  for (const auto& large : session.flow.large)  // of what came whole, or not at all, is seen above
    if (const auto* item = held_by(session, large.id); item && item->delivered == large.delivered &&
                                                       large.delivered <= count &&
                                                       (large.end == 0 || large.end > count))
      ids.push_back(large.id);
  return ids;
}

void Queues::take_back_after(Session& session, std::uint64_t count) {
  for (const auto id : held_after(session, count)) {
    auto& item = *items_.find(id);
    lose(session, item, id);
    update_storage(item, id, storage_.history(id));
    come_back(item, id);
  }
  delivery_flow_.forget(session);
}

void Queues::give_all_back(Session& session, const std::string& why, Time now) {
  // It cannot be begun.
  const auto coming = DeliveryFlow::is_parting(session) ? session.flow.large.back().id : ItemId{};
  std::uint32_t perhaps_begun = session.most_waiting;
  for (const auto id : held_after(session, 0)) {
    auto& item = *items_.find(id);
    const bool begun = item.delivered <= session.begun || perhaps_begun > 0;
    perhaps_begun -= perhaps_begun > 0;
    if (!why.empty() && begun && id != coming) {
      suspect(session, item, id, {called(session), why, now});
      continue;
    }
    lose(session, item, id);
    update_storage(item, id, storage_.history(id));
    come_back(item, id);
  }
  assert(session.held == 0);
  forget_put_reclaims(session);
  delivery_flow_.forget(session);
}

/// What was begun when its holder was lost has failed, and is suspect. What is only perhaps begun
/// is suspect: it fails when it costs a holder's life who has nothing else. So nobody's death is
/// for nothing, however fast it comes, and what waited beside a poison item is never counted.
void Queues::suspect(Session& session, QueuedItem& item, ItemId id, FailureRecord failure) {
  const bool counts = item.delivered <= session.begun || item.suspect;
  lose(session, item, id);
  item.suspect = true;
  if (counts) return failed(item, id, std::move(failure), Duration::zero(), Told::by_nobody);
  update_storage(item, id, storage_.history(id));
  come_back(item, id);
}

void Queues::release_all(Session& session) {
  for (const auto id : held_after(session, 0)) release(session, id);
  assert(session.held == 0);
  give_put_reclaims_back(session);  // and waits until what it has said of the others is kept
  delivery_flow_.forget(session);
}

}  // namespace baton::internal::broker
