// Delivery of suspects: each goes to a process that holds nothing, and that gets nothing else
// meanwhile.
#include <set>
#include <utility>

#include "broker/serving.hpp"

namespace baton::internal::broker {

bool Serving::suspect_goes_next(const Queue& queue) const {
  return queue.suspect_is_next() || (queue.reserved && queue.reserved->consumer.process->held == 0);
}

/// Delivers each suspect to a process that holds nothing. Returns false if no requesting process is
/// free: then one of them is reserved.
bool Serving::serve_suspects(Queue& queue) {
  while (suspect_goes_next(queue)) {
    if (flow_.turn_is_used_up() || !may_deliver()) {
      to_serve(queue);
      return false;
    }
    auto* session = find_idle_session(queue);
    if (!session) {
      reserve(queue);
      return false;
    }
    const auto room = flow_.room(*session);
    if (room <= 0) {  // something it has given back may still be under way to it
      if (queue.reserved == session) unreserve(queue);
      wait_for_room(*session);
      continue;
    }
    auto& process = *session->consumer.process;
    if (std::exchange(process.reserved, nullptr)) queue.reserved = nullptr;
    set_aside(process);
    ++process.suspects;
    --suspects_;
    deliver(*session, queue, queue.suspects.pop(), room);
  }
  if (queue.reserved && queue.suspects.empty()) unreserve(queue);
  return true;
}

/// Searches the sessions that request from the queue.
Session* Serving::find_idle_session(const Queue& queue) {
  if (queue.reserved && queue.reserved->consumer.process->held == 0) return queue.reserved;
  for (auto* session : queue.waiting)
    if (session->consumer.process->held == 0 && session->consumer.wants() > 0) return session;
  return nullptr;
}

/// Reserves, of the sessions that request from the queue, one whose process holds the least.
void Serving::reserve(Queue& queue) {
  if (queue.reserved) return;
  for (auto* session : queue.waiting)
    if (session->consumer.wants() > 0 &&
        (!queue.reserved ||
         session->consumer.process->held < queue.reserved->consumer.process->held))
      queue.reserved = session;
  if (!queue.reserved) return;
  auto& process = *queue.reserved->consumer.process;
  process.reserved = &queue;
  set_aside(process);
}

void Serving::unreserve(Queue& queue) {
  auto& process = *std::exchange(queue.reserved, nullptr)->consumer.process;
  process.reserved = nullptr;
  to_serve(queue);  // another one may be needed
  join_waiting_again(process);
}

/// Its sessions leave the waiting lists.
void Serving::set_aside(HolderProcess& process) {
  if (process.sessions.size() == 1) return leave_waiting(*process.sessions.front());
  const auto is_of_it = [&process](const Session* session) {
    return session->consumer.process.get() == &process;
  };
  std::erase_if(full_, is_of_it);
  std::set<Queue*> queues;
  for (auto* session : process.sessions) {
    session->consumer.flow.full = false;
    if (std::exchange(session->consumer.waiting, false))
      queues.insert(session->queues.begin(), session->queues.end());
  }
  for (auto* queue : queues) {
    taken_back_ += queue->waiting.size() / 64;  // as in leave_waiting()
    queue->waiting.remove_if(is_of_it);
  }
}

/// Unless there is another reason to set it aside.
void Serving::join_waiting_again(HolderProcess& process) {
  if (process.set_aside()) return;
  for (auto* session : process.sessions)
    if (session->consumer.wants() > 0) join_waiting(*session);
}

/// The session no longer holds some item.
void Serving::note_holds_less(Session& session, bool suspect) {
  auto& process = *session.consumer.process;
  if (suspect && --process.suspects == 0) join_waiting_again(process);
  if (process.held > 0) return;
  if (process.reserved) to_serve(*process.reserved);
  if (suspects_ == 0) return;
  for (const auto* one : process.sessions) {
    if (!one->consumer.waiting) continue;
    for (auto* queue :
         one->queues)  // another process may be reserved for it, and hold something for long
      if (!queue->suspects.empty()) to_serve(*queue);
  }
}

/// The session now holds an item that did not come over its link.
void Serving::takes(Session& session, const QueuedItem& item) {
  auto& process = *session.consumer.process;
  ++books_.queue_of(item).held;
  ++session.consumer.held;
  ++process.held;
  if (!item.suspect) return;
  ++process.suspects;
  set_aside(process);
}

void Serving::established(Session& session) {
  session.consumer.process = holders_.join(session, session.hello);
  heard(session);
}

void Serving::ends(Session& session) {
  holders_.leave(*session.consumer.process, session, session.hello);
}

void Serving::doubt(Session& session) {
  auto& process = *session.consumer.process;
  if (process.sessions.size() == 1 || std::exchange(process.doubted, true)) return;
  set_aside(process);
  if (process.reserved) unreserve(*process.reserved);
}

void Serving::trust(HolderProcess& process) {
  process.doubted = false;
  join_waiting_again(process);
}

}  // namespace baton::internal::broker
