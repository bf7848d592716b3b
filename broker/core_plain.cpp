// The plain doors: what comes in is an item, what goes out is done. No protocol, at most once.
#include "broker/core.hpp"

namespace baton::broker {

/// The plain door is a producer without a name, a session, or a wish to know what becomes of its items.
void Core::open_plain_doors() {
  if (!settings_.plain_queue) return;
  plain_.queue = &stock_.queue(*settings_.plain_queue);
  stock_.use(*plain_.queue);
  plain_.producer = &stock_.producer("", true, {1});
  plain_.producer->ever_put = true;  // it stays in any case
}

Refusal Core::plain_put(std::string_view body, Time now) {
  if (body.size() > max_body) return Refusal::too_large;
  const auto number = plain_.producer->put.received() + 1;
  plain_.producer->put.take(number, 1);
  PutItem item;
  item.body = body;
  stock_.put(*plain_.producer, *plain_.queue, item, number, now);
  return Refusal::none;
}

void Core::give_out(std::uint32_t room) {
  if (!plain_.queue) return;
  for (; room > 0; --room) {
    auto body = stock_.take_unacked(*plain_.queue);
    if (!body) return;
    effects_.out.push_back(std::move(*body));
  }
}

bool Core::plain_items_wait() const { return plain_.queue && plain_.queue->has_ready() && stock_.hands_off(); }

/// Shut when the queue is full, open again when half of it is free: each time costs senders what is under way.
bool Core::plain_in_is_open() {
  const auto items = plain_.queue->depth(), bytes = plain_.queue->bytes;
  if (items >= settings_.max_items || bytes >= settings_.max_bytes) plain_.open = false;
  if (items <= settings_.max_items / 2 && bytes <= settings_.max_bytes / 2) plain_.open = true;
  return plain_.open;
}

}  // namespace baton::broker
