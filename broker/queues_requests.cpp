// Requests of consumers, the sessions that wait for items, and their deliveries.
#include <algorithm>
#include <utility>

#include "broker/queues.hpp"

namespace baton::internal::broker {

void Queues::request(Session& session, std::uint64_t requested_in_all) {
  session.requested_in_all = std::max(session.requested_in_all, requested_in_all);
  const auto room = session.held < max_requests ? max_requests - session.held : 0;
  const auto heard = std::min(session.requested_in_all, session.answered + room);
  if (heard <= session.requested) return;
  session.requested = heard;
  if (!session.flow.full && !session.process->set_aside()) join_waiting(session);
}

void Queues::join_waiting(Session& session) {
  const auto count = session.queues.size();
  // So that no queue of several is always looked at first.
  const auto begin = session.next_queue++ % count;
  for (std::size_t i = 0; i < count; ++i) {
    auto& queue = *session.queues[(begin + i) % count];
    if (!session.waiting) queue.waiting.push_back(&session);
    to_serve(queue);
  }
  session.waiting = true;
}

/// `left`: the queue whose waiting list it has left already.
void Queues::leave_waiting(Session& session, const Queue* left) {
  if (std::exchange(session.flow.full, false)) std::erase(full_, &session);
  if (!std::exchange(session.waiting, false)) return;
  for (auto* queue : session.queues) {
    if (queue == left) continue;
    taken_back_ += queue->waiting.size() / 64;  // looking for it there takes its time, too
    queue->waiting.remove(&session);
  }
}

/// Outside of the waiting lists, until more has arrived.
void Queues::wait_for_room(Session& session, const Queue* left) {
  leave_waiting(session, left);
  session.flow.full = true;
  full_.push_back(&session);
}

std::vector<Queue*> Queues::take_touched() {
  for (auto* queue : touched_) queue->touched = false;
  return std::exchange(touched_, {});
}

void Queues::cancel_requests(Session& session, std::uint32_t count) {
  for (auto* queue : session.queues)
    serve(*queue);  // what is there goes to a request, even one that lasted no time
  const auto open = session.requested_in_all - session.answered;
  for (auto left = std::min<std::uint64_t>({count, open, max_requests}); left > 0; --left) {
    session.requested = std::max(session.requested, ++session.answered);
    delivery_flow_.empty(session);
  }
  if (session.wants() == 0) forget_requests(session);
}

void Queues::forget_requests(Session& session) {
  session.requested_in_all = session.requested = session.answered;
  leave_waiting(session);
  auto* queue = session.process->reserved;
  if (queue && queue->reserved == &session) unreserve(*queue);
}

void Queues::arrived(Session& session, SeqNo number, Time now) {
  delivery_flow_.arrived(session, session.link_base + std::min(number, session.link_sent()).value);
  delivery_flow_.measure(session, now);
}

void Queues::serve() {
  if (!delivers()) return;
  let_in();
  serve(std::exchange(to_serve_, {}));
  while (!to_serve_.empty() && !delivery_flow_.turn_is_used_up() && may_deliver())
    serve(std::exchange(to_serve_, {}));  // who was set aside waits again, for other queues, too
  // Who was served first, and only in part, goes behind the others.
  if (to_serve_.size() > 1) std::rotate(to_serve_.begin(), to_serve_.begin() + 1, to_serve_.end());
  delivery_flow_.deal();
  again_ = std::any_of(full_.begin(), full_.end(),
                       [this](const Session* session) { return may_take(session); });
}

void Queues::serve(const std::vector<Queue*>& queues) {
  for (auto* queue : queues) {
    queue->to_serve = false;
    touch(*queue);  // what was left for this turn may be forgotten now
    serve(*queue);
  }
}

/// Those whose links have room again wait behind the others.
void Queues::let_in() {
  std::erase_if(full_, [this](Session* session) {
    if (!may_take(session)) return false;
    session->flow.full = false;
    join_waiting(*session);
    return true;
  });
}

/// Sessions take turns in the order in which they began to wait. Where there is less than they all
/// want, each gets a fair share and goes behind the others for more. Suspects go before all others
/// of their priority; who was kept free for one gets it first, whatever has come since.
void Queues::serve(Queue& queue) {
  if (queue.reserved && queue.suspects.empty()) unreserve(queue);
  bool suspects = true;  // to be looked at
  while (delivers()) {
    if (suspects && suspect_goes_next(queue)) {
      suspects = serve_suspects(queue);
      continue;
    }
    if (queue.ready.empty() || queue.waiting.empty()) return;
    if (delivery_flow_.turn_is_used_up() || !may_deliver()) return to_serve(queue);
    auto& session = *queue.waiting.front();
    queue.waiting.pop_front();
    const auto waiting = queue.waiting.size() + 1;
    auto share = std::max<std::uint64_t>(1, queue.ready.size() / waiting);
    share = std::min<std::uint64_t>(share, session.wants());
    auto room = delivery_flow_.room(session);
    const bool full = room <= 0;
    const auto more = [&] {
      return may_deliver() && !queue.ready.empty() && !(suspects && suspect_goes_next(queue));
    };
    for (; share > 0 && room > 0 && more(); --share)
      room = deliver(session, queue, queue.ready.pop(), room);
    if (session.wants() > 0 && !full) {
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
std::int64_t Queues::deliver(Session& session, Queue& queue, ItemId id, std::int64_t room) {
  auto& item = *items_.find(id);
  ++delivered_to_;
  item.place = Place::held;
  item.holder = &session;
  item.delivered = session.delivered_count + 1;
  ++queue.held;
  ++session.held;
  ++session.process->held;
  ++session.answered;
  session.delivered.push_back({item.delivered, id});
  const auto queue_index =
      std::find(session.queues.begin(), session.queues.end(), &queue) - session.queues.begin();
  return delivery_flow_.give(session,
                             {id,
                              static_cast<std::uint16_t>(queue_index),
                              static_cast<std::uint16_t>(std::min(item.failures + 1, 65535)),
                              item.priority,
                              {},
                              0,
                              redelivered_.empty() ? 1 : deliver(id),
                              unstored_puts_.empty() ? PutName{} : put_name(item, id)},
                             item.size, room);
}

}  // namespace baton::internal::broker
