#include "broker/serving.hpp"

#include <algorithm>
#include <utility>

namespace baton::internal::broker {

void Serving::to_serve(Queue& queue) {
  books_.queues.touch(queue);
  if (std::exchange(queue.to_serve, true)) return;
  to_serve_.push_back(&queue);
}

void Serving::request(Session& session, std::uint64_t requested_in_all) {
  session.consumer.requested_in_all = std::max(session.consumer.requested_in_all, requested_in_all);
  const auto room = session.consumer.held < max_requests ? max_requests - session.consumer.held : 0;
  const auto heard = std::min(session.consumer.requested_in_all, session.consumer.answered + room);
  if (heard <= session.consumer.requested) return;
  session.consumer.requested = heard;
  if (!session.consumer.flow.full && !session.consumer.process->set_aside()) join_waiting(session);
}

void Serving::join_waiting(Session& session) {
  const auto count = session.queues.size();
  // So that the search does not always begin with the same queue.
  const auto begin = session.consumer.next_queue++ % count;
  for (std::size_t i = 0; i < count; ++i) {
    auto& queue = *session.queues[(begin + i) % count];
    if (!session.consumer.waiting) queue.waiting.push_back(&session);
    to_serve(queue);
  }
  session.consumer.waiting = true;
}

/// `left`: the queue whose waiting list it has left already.
void Serving::leave_waiting(Session& session, const Queue* left) {
  if (std::exchange(session.consumer.flow.full, false)) std::erase(full_, &session);
  if (!std::exchange(session.consumer.waiting, false)) return;
  for (auto* queue : session.queues) {
    if (queue == left) continue;
    taken_back_ += queue->waiting.size() / 64;  // searching the list takes time, too
    queue->waiting.remove(&session);
  }
}

/// The session is not in the waiting lists until more has arrived.
void Serving::wait_for_room(Session& session, const Queue* left) {
  leave_waiting(session, left);
  session.consumer.flow.full = true;
  full_.push_back(&session);
}

void Serving::cancel_requests(Session& session, std::uint32_t count) {
  for (auto* queue : session.queues)
    serve(*queue);  // an available item answers even a request that is cancelled at once
  const auto open = session.consumer.requested_in_all - session.consumer.answered;
  for (auto left = std::min<std::uint64_t>({count, open, max_requests}); left > 0; --left) {
    session.consumer.requested = std::max(session.consumer.requested, ++session.consumer.answered);
    flow_.empty(session);
  }
  if (session.consumer.wants() == 0) forget_requests(session);
}

void Serving::forget_requests(Session& session) {
  session.consumer.requested_in_all = session.consumer.requested = session.consumer.answered;
  leave_waiting(session);
  auto* queue = session.consumer.process->reserved;
  if (queue && queue->reserved == &session) unreserve(*queue);
}

void Serving::arrived(Session& session, SeqNo number, Time now) {
  flow_.arrived(session,
                session.consumer.link_base + std::min(number, session.consumer.link_sent()).value);
  flow_.measure(session, now);
}

void Serving::serve() {
  if (!delivering_) return;
  let_in();
  serve(std::exchange(to_serve_, {}));
  while (!to_serve_.empty() && !flow_.turn_is_used_up() && may_deliver())
    serve(std::exchange(to_serve_, {}));  // sessions that were set aside wait again, also for other
                                          // queues
  // A queue served first, and only in part, goes behind the others.
  if (to_serve_.size() > 1) std::rotate(to_serve_.begin(), to_serve_.begin() + 1, to_serve_.end());
  flow_.deal();
  again_ = std::any_of(full_.begin(), full_.end(),
                       [this](const Session* session) { return may_take(session); });
}

void Serving::serve(const std::vector<Queue*>& queues) {
  for (auto* queue : queues) {
    queue->to_serve = false;
    books_.queues.touch(*queue);  // work left for this turn may be obsolete now
    serve(*queue);
  }
}

/// Sessions whose links have room again wait behind the others.
void Serving::let_in() {
  std::erase_if(full_, [this](Session* session) {
    if (!may_take(session)) return false;
    session->consumer.flow.full = false;
    join_waiting(*session);
    return true;
  });
}

/// Sessions take turns in the order in which they began to wait. If there is less than they all
/// want, each gets a fair share and goes behind the others for more. Suspects go before all others
/// of their priority; a session reserved for one gets it first, whatever has come since.
void Serving::serve(Queue& queue) {
  if (queue.reserved && queue.suspects.empty()) unreserve(queue);
  bool suspects = true;  // to be examined
  while (delivering_) {
    if (suspects && suspect_goes_next(queue)) {
      suspects = serve_suspects(queue);
      continue;
    }
    if (queue.ready.empty() || queue.waiting.empty()) return;
    if (flow_.turn_is_used_up() || !may_deliver()) return to_serve(queue);
    auto& session = *queue.waiting.front();
    queue.waiting.pop_front();
    const auto waiting = queue.waiting.size() + 1;
    auto share = std::max<std::uint64_t>(1, queue.ready.size() / waiting);
    share = std::min<std::uint64_t>(share, session.consumer.wants());
    auto room = flow_.room(session);
    const bool full = room <= 0;
    const auto more = [&] {
      return may_deliver() && !queue.ready.empty() && !(suspects && suspect_goes_next(queue));
    };
    for (; share > 0 && room > 0 && more(); --share)
      room = deliver(session, queue, queue.ready.pop(), room);
    if (session.consumer.wants() > 0 && !full) {
      queue.waiting.push_back(&session);
      continue;
    }
    if (full)
      wait_for_room(session, &queue);
    else
      leave_waiting(session, &queue);
  }
}

/// Returns what is left of `room`.
std::int64_t Serving::deliver(Session& session, Queue& queue, ItemId id, std::int64_t room) {
  auto& item = *books_.items.find(id);
  ++delivered_;
  item.place = Place::held;
  item.holder = &session;
  item.delivered = session.consumer.delivered_count + 1;
  ++queue.held;
  ++session.consumer.held;
  ++session.consumer.process->held;
  ++session.consumer.answered;
  session.consumer.delivered.push_back({item.delivered, id});
  const auto queue_index =
      std::find(session.queues.begin(), session.queues.end(), &queue) - session.queues.begin();
  return flow_.give(session,
                    {id,
                     static_cast<std::uint16_t>(queue_index),
                     static_cast<std::uint16_t>(std::min(item.failures + 1, 65535)),
                     item.priority,
                     {},
                     0,
                     books_.redeliveries.deliver(id),
                     books_.put_name(item, id)},
                    item.size, room);
}

void Serving::make_ready(QueuedItem& item, ItemId id) {
  auto& queue = books_.queue_of(item);
  item.place = Place::ready;
  if (item.suspect) {
    queue.suspects.push(item.priority, id);
    ++suspects_;
  } else {
    queue.ready.push_returned(item.priority, id);
  }
  to_serve(queue);
}

/// Removes it from where it waits for delivery.
void Serving::take_ready(QueuedItem& item, ItemId id) {
  auto& queue = books_.queue_of(item);
  if (item.suspect) {
    queue.suspects.take(item.priority, id);
    --suspects_;
  } else {
    queue.ready.take(item.priority, id);
  }
  to_serve(queue);  // the process reserved for it may take something else
}

std::optional<ItemId> Serving::pop(Queue& queue) {
  if (!delivering_ || !queue.has_ready() || !queue.waiting.empty()) return std::nullopt;
  if (!queue.suspect_is_next()) return queue.ready.pop();
  --suspects_;
  return queue.suspects.pop();
}

}  // namespace baton::internal::broker
