#include "broker/plain_queue.hpp"

namespace baton::internal::broker {

/// The plain endpoint is a producer without a name and a session, and without interest in what
/// becomes of its items.
PlainQueue::PlainQueue(const CoreSettings& settings, Queues& queues, Effects& effects)
    : settings_(settings), queues_(queues), effects_(effects) {
  if (!settings.plain_queue) return;
  queue_ = &queues.queue(*settings.plain_queue);
  queues.use(*queue_);
  producer_ = &queues.producer("", true, {1});
  producer_->ever_put = true;  // it is kept in any case
}

Refusal PlainQueue::put(std::string_view body, Time now) {
  if (body.size() > max_body) return Refusal::too_large;
  const auto number = producer_->put.received() + 1;
  producer_->put.take(number, 1);
  PutItem item;
  item.body = body;
  queues_.put(*producer_, *queue_, item, number, now);
  return Refusal::none;
}

/// Closes as seldom as possible: each time, senders lose what is under way.
bool PlainQueue::is_open() {
  const auto items = queue_->depth(), bytes = queue_->bytes;
  if (items >= settings_.max_items || bytes >= settings_.max_bytes) open_ = false;
  if (items <= settings_.max_items / 2 && bytes <= settings_.max_bytes / 2) open_ = true;
  return open_;
}

void PlainQueue::give_out() {
  if (!queue_) return;
  for (auto room = std::exchange(room_, 0); room > 0; --room) {
    auto body = queues_.take_unacked(*queue_);
    if (!body) return;
    effects_.out.push_back(std::move(*body));
  }
}

}  // namespace baton::internal::broker
