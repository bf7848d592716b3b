// Failed items: when they are delivered again, and when they are dead.
#include <bit>
#include <utility>

#include "broker/log_backoff.hpp"
#include "broker/queues.hpp"
#include "proto/counted.hpp"
#include "proto/visible.hpp"

namespace baton::internal::broker {
namespace {

constexpr std::size_t stored_failures = 20;  // per item
constexpr std::size_t body_in_notice = 200;  // bytes
constexpr std::size_t reasons_in_notice = 4096;
constexpr std::size_t reasons_for_later = 512;  // in a notice that waits for its producer

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

/// Failures by earlier holders, before the present one got it.
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
  ++buried_;
  books_.producers.note_changed(producer);
  update_storage(item, id, history);
  log_dead(queue, id, item, history.back().why);
  tell_of_dead(producer, queue, id, item, std::move(history), now);
  if (producer.session) changed(*producer.session);

  dead_letters_.keep(queue, id, item);
  drop_dead_letters(queue);
  serving_.to_serve(queue);
  books_.producers.forget_if_settled(producer);
}

/// A producer with too many unread notices learns of the rest as a count.
void Queues::tell_of_dead(Producer& producer, const Queue& queue, ItemId id, const QueuedItem& item,
                          std::vector<FailureRecord> history, Time now) {
  auto& notices = books_.producers.notices();
  if (!notices.may_tell(producer)) return notices.count_only();
  keep_last(history, producer.session ? reasons_in_notice : reasons_for_later);
  DeadNotice notice{id, queue.name, excerpt(storage_.body(id), body_in_notice), item.failures, {}};
  for (const auto& failure : history)
    notice.history.push_back(
        {failure.consumer, failure.why,
         std::chrono::duration_cast<std::chrono::milliseconds>(now - failure.at).count()});
  notices.tell(producer, EntryKind::died, to_json(notice));
}

/// Logs the first of each queue, and fewer and fewer of all others.
void Queues::log_dead(const Queue& queue, ItemId id, const QueuedItem& item,
                      const std::string& why) {
  if (queue.dead > 1 && !should_log(buried_)) return;
  effects_.log.push_back("item " + std::to_string(id.value) + " of queue " + queue.name +
                         " is dead after " + counted(item.failures, "failure") + ": " +
                         (why.empty() ? "no reason given" : excerpt(why, reason_in_log)) + " (" +
                         counted(queue.dead, "dead item") + ")");
}

void Queues::drop_dead_letters(Queue& queue) {
  const auto before = dead_letters_.dropped();
  while (const auto id = dead_letters_.surplus(queue)) drop_dead_letter(*id);
  const auto dropped = dead_letters_.dropped();
  if (std::bit_width(before) == std::bit_width(dropped)) return;
  effects_.log.push_back(
      "queue " + queue.name + " keeps its last " + counted(queue.dead_letters.size(), "dead item") +
      ", by --max-dead, --max-dead-total or --max-bytes; of all queues " + std::to_string(dropped) +
      (dropped == 1 ? " was" : " were") + " dropped so far");
}

void Queues::drop_dead_letter(ItemId id) {
  const auto& item = *books_.items.find(id);
  auto& queue = books_.queue_of(item);
  auto& producer = books_.producer_of(item);
  dead_letters_.drop(id);
  books_.redeliveries.erase(id);
  storage_.erase(id);
  books_.items.remove(id);
  serving_.to_serve(queue);  // it may be forgotten
  books_.producers.forget_if_settled(producer);
}

}  // namespace baton::internal::broker
