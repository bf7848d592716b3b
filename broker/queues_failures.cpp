// Items that failed: when they come again, and when they are dead.
#include <bit>
#include <utility>

#include "broker/log_backoff.hpp"
#include "broker/queues.hpp"
#include "proto/counted.hpp"

namespace baton::internal::broker {
namespace {

constexpr std::size_t stored_failures = 20;  // per item
constexpr std::size_t body_in_notice = 200;  // bytes
constexpr std::size_t reasons_in_notice = 4096;

void append_failure(std::vector<FailureRecord>& history, FailureRecord failure) {
  if (history.size() == stored_failures) history.erase(history.begin());
  history.push_back(std::move(failure));
}

}  // namespace

void Queues::failed(QueuedItem& item, ItemId id, FailureRecord failure, Duration delay, Told told) {
  const auto now = failure.at;
  auto history = storage_.history(id);
  append_failure(history, std::move(failure));
  ++item.failures;
  if (item.failures >= settings_.max_attempts) return bury(item, id, std::move(history), now);
  update_storage(item, id, history, delay);
  if (told == Told::by_nobody) return come_back(item, id);
  if (delay == Duration::zero()) return serving_.make_ready(item, id);
  delay_until(item, id, now + delay);
}

/// What others have said of it, before the one who has it now was given it.
void Queues::count_failures(QueuedItem& item, ItemId id,
                            std::vector<PutReclaims::Reclaim>& reclaims) {
  if (reclaims.empty()) return;
  auto history = storage_.history(id);
  for (auto& reclaim : reclaims) {
    append_failure(history, std::move(reclaim.failure));
    ++item.failures;
  }
  update_storage(item, id, history);
}

void Queues::bury(QueuedItem& item, ItemId id, std::vector<FailureRecord> history, Time now) {
  auto& queue = books_.queue_of(item);
  auto& producer = books_.producer_of(item);
  item.place = Place::dead;
  queue.bytes -= item.size;
  ++queue.dead;
  ++producer.counts.dead;
  ++dead_;
  books_.producers.note_changed(producer);
  update_storage(item, id, history);

  keep_last(history, reasons_in_notice);
  DeadNotice notice{
      id, queue.name, std::string(storage_.body(id).substr(0, body_in_notice)), item.failures, {}};
  for (const auto& failure : history)
    notice.history.push_back(
        {failure.consumer, failure.why,
         std::chrono::duration_cast<std::chrono::milliseconds>(now - failure.at).count()});
  // The plain endpoint has nobody to tell. Who does not listen learns of the rest as a count.
  const auto untold = producer.outcomes.last().value - producer.outcomes.confirmed().value;
  if (!producer.name.empty() && untold < settings_.max_notices) {
    const auto text = to_json(notice);
    append_block(producer.outcomes.block_for(text.size()), EntryKind::died, text);
    producer.outcomes.appended(text.size());
  }
  if (should_log(queue.dead))
    effects_.log.push_back("item " + std::to_string(id.value) + " of queue " + queue.name +
                           " is dead after " + counted(item.failures, "failure") + ": " +
                           notice.history.back().why + " (" + counted(queue.dead, "dead item") +
                           ")");
  if (producer.session) changed(*producer.session);

  keep_dead_letter(queue, id, item);
  drop_dead_letters(queue);
  serving_.to_serve(queue);
  books_.producers.forget_if_settled(producer);
}

void Queues::keep_dead_letter(Queue& queue, ItemId id, const QueuedItem& item) {
  queue.dead_letters.push_back(id);
  if (dead_bytes_.size() <= queue.index) dead_bytes_.resize(queue.index + 1);
  dead_bytes_[queue.index] += item.size;
  ++books_.producer_of(item).counts.dead_letters;
}

/// One stays, however large it is.
bool Queues::too_many_dead_letters(const Queue& queue) const {
  const auto count = queue.dead_letters.size();
  return count > settings_.max_dead ||
         (count > 1 && dead_bytes_[queue.index] > settings_.max_bytes);
}

void Queues::drop_dead_letters(Queue& queue) {
  std::uint64_t count = 0;
  for (; too_many_dead_letters(queue); ++count) drop_oldest_dead_letter(queue);
  const auto dropped = queue.dead_dropped();
  if (count > 0 && std::bit_width(dropped - count) != std::bit_width(dropped))
    effects_.log.push_back("queue " + queue.name + " keeps its last " +
                           counted(queue.dead_letters.size(), "dead item") +
                           ", by --max-dead or --max-bytes; " + std::to_string(dropped) +
                           (dropped == 1 ? " was" : " were") + " dropped so far");
}

void Queues::drop_oldest_dead_letter(Queue& queue) {
  const auto oldest = queue.dead_letters.front();
  const auto& item = *books_.items.find(oldest);
  auto& producer = books_.producer_of(item);
  dead_bytes_[queue.index] -= item.size;
  queue.dead_letters.pop_front();
  books_.redeliveries.erase(oldest);
  storage_.erase(oldest);
  books_.items.remove(oldest);
  --dead_;
  --producer.counts.dead_letters;
  books_.producers.forget_if_settled(producer);
}

}  // namespace baton::internal::broker
