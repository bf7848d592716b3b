// Which session holds an item after its holder, or the broker, was lost: delivery counts, and
// reclaims.
#include <algorithm>
#include <utility>

#include "broker/queues.hpp"

namespace baton::internal::broker {

/// The holder loses the item without having settled it. The caller moves it to its next place and
/// stores the count.
void Queues::lose(Session& session, QueuedItem& item, ItemId id) {
  let_go(session, item);
  auto& redelivered = books_.redeliveries[id];
  ++redelivered.deliveries;
  redelivered.lost_by = session.serial;
  redelivered.was_suspect = item.suspect;
}

/// To the front. The next holder must have the highest count whenever the broker dies, so the count
/// is stored first.
void Queues::come_back(QueuedItem& item, ItemId id) {
  if (!settings_.durable) return serving_.make_ready(item, id);
  item.place = Place::returning;
  ++books_.queue_of(item).returning;
  books_.redeliveries.come_back(id);
}

void Queues::ends(Session& session) {
  serving_.ends(session);
  untold_ -= session.consumer.feed.unconfirmed();
}

void Queues::settles_stored(Ticket turn, Ticket durable) {
  books_.redeliveries.stored(turn, durable, [this](ItemId id) {
    auto* item = books_.items.find(id);
    if (!item || item->place != Place::returning) return;
    --books_.queue_of(*item).returning;
    serving_.make_ready(*item, id);
  });
  for (auto* producer : books_.producers.stored(turn, durable)) changed(*producer->session);
}

/// Removes it from where it waits for delivery. Returns false if it does not wait.
bool Queues::take_out(QueuedItem& item, ItemId id) {
  if (item.place == Place::returning) {
    --books_.queue_of(item).returning;
    return true;
  }
  if (item.place != Place::ready) return false;
  serving_.take_ready(item, id);
  return true;
}

void Queues::reclaim(Session& session, const Reclaim& reclaim) {
  ItemRun lost;
  for (std::uint32_t i = 0; i < reclaim.count; ++i) {
    const auto id = reclaim.first + i;
    if (reclaim.put.producer == 0
            ? this->reclaim(session, id, reclaim.deliveries)
            : reclaim_put(session, id, {reclaim.put.producer, reclaim.put.number + i},
                          reclaim.deliveries))
      continue;
    if (lost.count > 0 && lost.first + lost.count != id)
      tell_lost(session, std::exchange(lost, {}));
    if (lost.count++ == 0) lost.first = id;
  }
  if (lost.count > 0) tell_lost(session, lost);
}

bool Queues::consumes(const Session& session, const Queue& queue) {
  const auto& queues = session.queues;
  return std::find(queues.begin(), queues.end(), &queue) != queues.end();
}

bool Queues::reclaim(Session& session, ItemId id, std::uint32_t deliveries) {
  auto* item = books_.items.find(id);
  if (!item) return false;
  if (!consumes(session, *item)) return false;
  if (take_up(session, *item, id, deliveries)) return true;
  return session.consumer.reclaims.restored && id < first_id_ &&
         reclaim_restored(session, *item, id, deliveries);
}

/// The client's previous session lost the item here. If it was not delivered to another session
/// since, that loss is undone.
bool Queues::take_up(Session& session, QueuedItem& item, ItemId id, std::uint32_t deliveries) {
  auto* lost = books_.redeliveries.find(id);
  if (session.consumer.reclaims.of == 0 || !lost || lost->lost_by != session.consumer.reclaims.of)
    return false;
  if (lost->deliveries != deliveries + 1 || !take_out(item, id)) return false;
  auto history = storage_.history(id);
  if (!session.consumer.reclaims.mark.empty() && !history.empty() &&
      history.back().why == session.consumer.reclaims.mark) {
    history.pop_back();
    --item.failures;
  }
  lost->deliveries = deliveries;
  lost->lost_by = 0;
  item.suspect = lost->was_suspect;  // it has not killed a holder this time
  update_storage(item, id, history);
  hold_again(session, item, id);
  return true;
}

/// An item delivered by the previous broker. A consumer may reclaim it under a higher count than
/// the stored one, because of a failure that was not stored; then sessions whose reclaims were
/// granted under lower counts lose it.
bool Queues::reclaim_restored(Session& session, QueuedItem& item, ItemId id,
                              std::uint32_t deliveries) {
  const auto known = books_.redeliveries.deliveries_of(id);
  if (deliveries < known) return false;
  if (item.place == Place::held) {
    if (!reclaims_ || deliveries == known) return false;
    auto& other = *item.holder;
    let_go(other, item);
    tell_lost(other, {puts_.name_of(id), 1});
    puts_.forget_name(id);
  } else if (!take_out(item, id) && !undelay(item, id)) {
    return false;
  }
  books_.redeliveries.restore(id, deliveries);
  hold_again(session, item, id);
  return true;
}

void Queues::tell_lost(Session& session, ItemRun run) {
  append_runs(session.consumer.feed.block_for(entry_head_size + 12), EntryKind::lost, {run});
  session.consumer.feed.appended(0);
  ++untold_;
  changed(session);
}

void Queues::heard_lost(Session& session, SeqNo heard, Time now) {
  const auto before = session.consumer.feed.confirmed();
  session.consumer.feed.confirm(heard, now);
  untold_ -= session.consumer.feed.confirmed() - before;
}

void Queues::hold_again(Session& session, QueuedItem& item, ItemId id) {
  item.place = Place::held;
  item.holder = &session;
  item.delivered = ++session.consumer.delivered_count;
  session.consumer.link_base = session.consumer.begun =
      session.consumer.delivered_count;  // it did not come over the link
  serving_.takes(session, item);
  session.consumer.delivered.push_back({item.delivered, id});
}

}  // namespace baton::internal::broker
