#include "broker/credit.hpp"

#include <algorithm>

#include "proto/message.hpp"

namespace baton::internal::broker {
namespace {

/// a - b, or 0.
std::uint64_t above_zero(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : 0; }

}  // namespace

std::uint64_t unused_credit(const Session& session) {
  return above_zero(session.put.credit.value, session.producer->put.received().value);
}

bool extend_credit(Session& session, const CoreSettings& settings) {
  auto& queue = *session.queues.front();
  const auto most = settings.max_items;
  const auto producers = std::max<std::uint64_t>(1, queue.producers.size());
  const auto target = std::clamp<std::uint64_t>(most / (2 * producers), 1, put_window_items);
  const auto now_unused = unused_credit(session);
  if (now_unused > target / 2) return false;  // worth a message only when half of it is used

  const auto room = above_zero(most, queue.depth() + queue.granted);
  auto more = std::min({target - now_unused, room, above_zero(most / 2, queue.granted)});
  const bool others_have_all = queue.granted >= most && queue.depth() < most;
  if (more == 0 && now_unused == 0 && (room > 0 || others_have_all)) more = 1;
  if (more == 0) return false;
  session.put.credit = std::max(session.put.credit, session.producer->put.received()) + more;
  queue.granted += more;
  return true;
}

PutRoom room_for(const Session& session, const CoreSettings& settings, bool room, SeqNo again,
                 SeqNo first, const PutItems& put) {
  const auto& queue = *session.queues.front();
  const auto& producer = *session.producer;
  const auto count = static_cast<std::uint32_t>(put.items.size());
  const auto last = SeqNo{first.value + count - 1};
  if (last <= session.put.credit && producer.put_bytes + put.bytes < session.put.byte_credit)
    return {count};
  if (last > std::max(session.put.credit, session.put.resend_until)) return {0, true};
  std::uint64_t bytes = 0, items = 0;  // those accepted
  auto number = first;
  for (std::uint32_t i = 0; i < count; ++i, number += 1) {
    if (number <= producer.put.received()) continue;
    const auto at = producer.put_bytes + bytes;
    if (number > session.put.credit || at >= session.put.byte_credit) {
      if (number > session.put.resend_until || at >= session.put.resend_bytes) return {i, true};
      const bool full = queue.depth() + queue.granted + items >= settings.max_items ||
                        queue.bytes + bytes >= settings.max_bytes;
      if ((full && number > again) || !room) return {i};
    }
    ++items;
    bytes += put.items[i].body.size();
  }
  return {count};
}

void grant_bytes(Session& session, std::uint64_t put_window) {
  session.put.byte_credit =
      std::max(session.put.byte_credit, session.producer->confirmed_bytes + put_window);
}

void use_credit(Session& session, SeqNo received_before) {
  auto& queue = *session.queues.front();
  const auto before = above_zero(session.put.credit.value, received_before.value);
  queue.granted -= before - unused_credit(session);
}

void return_credit(Session& session) {
  auto& queue = *session.queues.front();
  queue.granted -= unused_credit(session);
  std::erase(queue.producers, &session);
}

std::uint64_t put_window(const Session& session, const CoreSettings& settings) {
  const auto& queue = *session.queues.front();
  if (queue.bytes >= settings.max_bytes) return 0;
  const auto share =
      (settings.max_bytes - queue.bytes) / std::max<std::size_t>(1, queue.producers.size());
  return std::clamp<std::uint64_t>(share, 1, put_window_bytes);
}

Held put_held(const Session& session, const CoreSettings& settings) {
  if (put_window(session, settings) == 0) return Held::queue_bytes;
  return unused_credit(session) == 0 ? Held::queue_items : Held::nothing;
}

}  // namespace baton::internal::broker
