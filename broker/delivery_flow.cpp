#include "broker/delivery_flow.hpp"

#include <algorithm>
#include <utility>

#include "proto/ensure.hpp"

namespace baton::internal::broker {
namespace {

/// Bytes that any link may have under way even if all links together are at their limit, so that
/// none stalls.
constexpr std::int64_t always = 16 << 10;

/// A part should not take long, since the consumer sees nothing of it before it is complete. So
/// parts are small until the link has proven steady, and large if half a window arrives within
/// `fast_within`. It must be that much: data that waited in the kernel's buffers while the consumer
/// paused arrives at once on any link.
constexpr std::uint64_t steady_bytes = 256 << 10;
constexpr Duration steady_within = 1s, fast_within = 500ms;

/// About how many bytes a mark in ConsumerState::Flow::under_way stands for.
constexpr std::uint64_t mark_bytes = 16 << 10;

std::int64_t as_signed(std::uint64_t bytes) { return static_cast<std::int64_t>(bytes); }

}  // namespace

/// The limit of all links is shared by those with something under way.
std::uint64_t DeliveryFlow::window(const Session& session) const {
  const auto share = settings_.links_window / (active_ + (session.consumer.flow.bytes == 0));
  return std::clamp<std::uint64_t>(share, part_bytes,
                                   std::max<std::uint64_t>(settings_.link_window, part_bytes));
}

std::int64_t DeliveryFlow::window_room(const Session& session) const {
  return std::min(as_signed(window(session)) - as_signed(session.consumer.flow.bytes),
                  as_signed(settings_.links_window) - as_signed(under_way_));
}

std::int64_t DeliveryFlow::room(const Session& session) const {
  if (is_parting(session)) return 0;
  return std::min(std::max(window_room(session), always - as_signed(session.consumer.flow.bytes)),
                  turn_left_);
}

std::uint64_t DeliveryFlow::most_of_part(const Session& session) const {
  if (session.consumer.flow.fast.kept)
    return std::clamp<std::uint64_t>(window(session) / 4, part_bytes, large_part_bytes);
  return session.consumer.flow.steady.kept ? part_bytes : small_part_bytes;
}

/// The size of the next part; 0 if none may be sent now.
std::int64_t DeliveryFlow::next_part(const Session& session, const QueuedItem& item) const {
  const auto left = as_signed(item.size) - as_signed(session.consumer.flow.sent);
  const auto size = std::min(left, as_signed(most_of_part(session)));
  if (window_room(session) >= size) return size;
  return as_signed(session.consumer.flow.bytes) < always ? std::min(left, always) : 0;
}

/// The message being packed, or a new one. Counts one more entry, which the caller appends, with
/// its put.
Effects::LinkMessage& DeliveryFlow::message_for(Session& session, std::size_t size) {
  ++session.consumer.delivered_count;
  auto& messages = effects_.link_messages;
  const bool fits =
      session.consumer.open_message < messages.size() &&
      messages[session.consumer.open_message].session == session.id &&
      messages[session.consumer.open_message].generation == session.consumer.link_generation &&
      messages[session.consumer.open_message].count < max_entries &&
      messages[session.consumer.open_message].bytes.size() < pack_bytes;
  if (!fits) {
    session.consumer.open_message = messages.size();
    messages.push_back({session.id, session.consumer.link_generation, session.consumer.link_sent(),
                        0, effects_.take_spare()});
    messages.back().bytes.resize(header_size);
    if (size >= part_bytes / 2)
      messages.back().bytes.reserve(header_size + 2 * entry_head_size + 64 + size);
  }
  auto& message = messages[session.consumer.open_message];
  ++message.count;
  return message;
}

std::string& DeliveryFlow::entry_for(Session& session, std::size_t size) {
  auto& message = message_for(session, size);
  message.last_put = {};
  return message.bytes;
}

void DeliveryFlow::note(Session& session, std::uint64_t bytes) {
  auto& flow = session.consumer.flow;
  active_ += flow.bytes == 0;
  flow.bytes += bytes;
  under_way_ += bytes;
  if (!flow.under_way.empty() && flow.under_way.back().bytes < mark_bytes) {
    flow.under_way.back().end = session.consumer.delivered_count;
    flow.under_way.back().bytes += bytes;
  } else {
    flow.under_way.push_back({session.consumer.delivered_count, bytes});
  }
}

std::int64_t DeliveryFlow::give(Session& session, Delivery delivery, std::uint32_t size,
                                std::int64_t room) {
  auto& message = message_for(session, size);
  const auto before = message.bytes.size();
  if (size > part_bytes)
    give_first_part(session, delivery, size);
  else
    delivery.body = storage_.body(delivery.id);
  append_delivery(message.bytes, delivery, message.last_put);
  message.last_put = delivery.whole > 0 ? PutName{} : delivery.put;
  const auto added = message.bytes.size() - before;
  note(session, added);
  turn_left_ -= as_signed(added);
  return delivery.whole > 0 ? 0 : room - as_signed(added);
}

void DeliveryFlow::give_first_part(Session& session, Delivery& delivery, std::uint32_t size) {
  auto& flow = session.consumer.flow;
  ensure(!is_parting(session));
  flow.large.push_back({delivery.id, session.consumer.delivered_count, 0});
  flow.check = 0;
  const auto most = std::min(most_of_part(session), std::uint64_t{part_bytes});  // not the whole
                                                                                 // body
  flow.sent =
      static_cast<std::uint64_t>(std::max(always, std::min(as_signed(most), window_room(session))));
  delivery.whole = size;
  delivery.body = storage_.part(delivery.id, 0, flow.sent, flow.check);
  parting_.push_back(&session);
}

void DeliveryFlow::empty(Session& session) {
  append_block(entry_for(session, 0), EntryKind::empty, {});
  note(session, entry_head_size);
}

void DeliveryFlow::forget_arrived(Session& session, std::uint64_t count) {
  auto& flow = session.consumer.flow;
  const bool was_active = flow.bytes > 0;
  for (; !flow.under_way.empty() && flow.under_way.front().end <= count;
       flow.under_way.pop_front()) {
    flow.bytes -= flow.under_way.front().bytes;
    under_way_ -= flow.under_way.front().bytes;
    flow.arrived += flow.under_way.front().bytes;
  }
  active_ -= was_active && flow.bytes == 0;
  std::erase_if(flow.large, [count](const ConsumerState::Flow::Large& large) {
    return large.end != 0 && large.end <= count;
  });
}

void DeliveryFlow::forget(Session& session) {
  auto& flow = session.consumer.flow;
  if (is_parting(session)) std::erase(parting_, &session);
  forget_arrived(session, UINT64_MAX);
  flow.large.clear();
  flow.arrived = 0;
  flow.steady = flow.fast = {};
}

void DeliveryFlow::measure(Session& session, Time now) {
  auto& flow = session.consumer.flow;
  const auto more = std::exchange(flow.arrived, 0);
  flow.steady.measure(more, steady_bytes, steady_within, now);
  flow.fast.measure(more, settings_.link_window / 2, fast_within, now);
}

// --- parts ---------------------------------------------------------------------------------------

/// The item whose parts are being sent, unless the session no longer holds it: it may be settled
/// before all of it was received.
QueuedItem* DeliveryFlow::held(const Session& session) {
  const auto& large = session.consumer.flow.large.back();
  auto* item = items_.find(large.id);
  return item && item->holder == &session && item->delivered == large.delivered ? item : nullptr;
}

void DeliveryFlow::send_part(Session& session, const QueuedItem& item, std::size_t size) {
  auto& flow = session.consumer.flow;
  append_block(entry_for(session, size), EntryKind::part,
               storage_.part(flow.large.back().id, flow.sent, size, flow.check));
  flow.sent += size;
  note(session, entry_head_size + size);
  if (flow.sent == item.size) flow.large.back().end = session.consumer.delivered_count;
}

void DeliveryFlow::deal() {
  auto left = turn_bytes();
  for (std::size_t passed = 0; left > 0 && passed < parting_.size();) {
    auto& session = *parting_.front();
    parting_.pop_front();
    const auto* item = held(session);
    if (!item) {
      session.consumer.flow.large.pop_back();
      continue;
    }
    const auto size = next_part(session, *item);
    if (size > 0) send_part(session, *item, static_cast<std::size_t>(size));
    left -= size;
    passed = size > 0 ? 0 : passed + 1;
    if (is_parting(session)) parting_.push_back(&session);
  }
  more_ = left <= 0 && !parting_.empty();
  turn_left_ = turn_bytes();
}

}  // namespace baton::internal::broker
