#include "library/consumer.hpp"

#include "library/options.hpp"
#include "library/status.hpp"

using namespace baton::internal::capi;
using baton::internal::Consumer;
using baton::internal::GetResult;
using baton::internal::ItemId;
using baton::internal::Outcome;
using baton::internal::Settlement;
using baton::internal::StopReason;

namespace {

/// In a forked child the consumer throws before it takes a lock.
template <class Body>
baton_status with(baton_consumer* consumer, Body body) {
  if (!consumer) return failed(BATON_INVALID_ARGUMENT, "the consumer is NULL");
  return guarded([&] { return body(consumer->handle->consumer); });
}

baton_status in_time(bool done) { return done ? ok : failed(BATON_WOULD_BLOCK); }

baton_status status_of(GetResult got, Consumer& consumer) {
  switch (got) {
    case GetResult::item:
      return ok;
    case GetResult::time_up:
      return failed(BATON_WOULD_BLOCK);
    case GetResult::stopped:
      return failed(BATON_STOPPED);
    case GetResult::closed:
      break;
  }
  return failed(consumer.closing() || !consumer.shutdown() ? BATON_CLOSED : BATON_SHUTDOWN);
}

baton_status status_of(StopReason reason) {
  switch (reason) {
    case StopReason::none:
      return ok;
    case StopReason::lost:
      return failed(BATON_NOT_HELD);
    case StopReason::stopped:
      return failed(BATON_STOPPED);
    case StopReason::closed:
      break;
  }
  return failed(BATON_CLOSED);
}

/// Settles the item with what `settlement(id)` returns, and frees it.
template <class Make>
baton_status settle(baton_item* item, Make settlement) {
  if (!item) return failed(BATON_INVALID_ARGUMENT, "the item is NULL");
  auto& handle = *item->handle;
  const auto status = guarded([&] {
    if (handle.consumer.settle(item->item, settlement(item->item.id))) return ok;
    return failed(handle.consumer.closing() ? BATON_CLOSED : BATON_NOT_HELD);
  });
  handle.put_by(item);
  return status;
}

std::chrono::milliseconds delay_of(std::int64_t delay_ms) {
  return std::chrono::milliseconds(delay_ms);
}

/// Admits one running call at a time.
class One {
 public:
  explicit One(std::atomic<bool>& taken) : taken_(taken), is_(!taken.exchange(true)) {}
  ~One() {
    if (is_) taken_ = false;
  }
  One(const One&) = delete;
  One& operator=(const One&) = delete;

  explicit operator bool() const { return is_; }

 private:
  std::atomic<bool>& taken_;
  const bool is_;
};

/// An item of run() while a handler has it.
class Shown {
 public:
  Shown(ConsumerHandle& handle, baton::internal::Item& item)
      : handle_(handle), inner_(item), shown_(handle.new_item()) {
    std::swap(shown_->item, inner_);
  }
  ~Shown() {
    if (!shown_) return;
    std::swap(shown_->item, inner_);
    handle_.put_by(shown_);
  }
  Shown(const Shown&) = delete;
  Shown& operator=(const Shown&) = delete;

  baton_item* item() const { return shown_; }

  Outcome outcome_of(std::int32_t result) {
    switch (result) {
      case BATON_ACK:
        return Outcome::done();
      case BATON_RELEASE:
        return Outcome::given_back();
      case BATON_KEEP:
        shown_ = nullptr;
        return Outcome::kept();
      default:
        return Outcome::failed(shown_->failure, delay_of(shown_->failure_delay_ms));
    }
  }

 private:
  ConsumerHandle& handle_;
  baton::internal::Item& inner_;
  baton_item* shown_;
};

}  // namespace

baton_status baton_consumer_new(const baton_options* options, baton_consumer** consumer) {
  if (!consumer) return failed(BATON_INVALID_ARGUMENT, "the pointer for the consumer is NULL");
  return guarded([&] {
    auto made = std::make_unique<baton_consumer>();
    made->handle = new ConsumerHandle(consumer_options(options));
    *consumer = made.release();
    return ok;
  });
}

void baton_consumer_free(baton_consumer* consumer) {
  if (!consumer) return;
  consumer->handle->consumer.end();
  consumer->handle->free();
  delete consumer;
}

baton_status baton_get(baton_consumer* consumer, std::int64_t timeout_ms, baton_item** item) {
  if (!item) return failed(BATON_INVALID_ARGUMENT, "the pointer for the item is NULL");
  return with(consumer, [&](Consumer& made) {
    auto* got = consumer->handle->new_item();
    const auto status = guarded([&] {
      const auto result = made.get_within(got->item, time_limit(timeout_ms));
      return result == GetResult::item ? ok : status_of(result, made);
    });
    if (status == BATON_OK)
      *item = got;
    else
      consumer->handle->put_by(got);
    return status;
  });
}

baton_status baton_get_batch(baton_consumer* consumer, std::size_t most, std::int64_t timeout_ms,
                             baton_item** items, std::size_t* count) {
  if (!items || !count || most == 0)
    return failed(BATON_INVALID_ARGUMENT, "items or count is NULL, or most is 0");
  return with(consumer, [&](Consumer& made) {
    std::vector<baton::internal::Item> got;
    const auto status = status_of(made.get_batch(got, most, time_limit(timeout_ms)), made);
    if (status != BATON_OK) return status;
    for (std::size_t i = 0; i < got.size(); ++i) {
      items[i] = consumer->handle->new_item();
      items[i]->item = std::move(got[i]);
    }
    *count = got.size();
    return status;
  });
}

baton_status baton_consumer_request(baton_consumer* consumer, std::uint32_t items) {
  return with(consumer, [&](Consumer& made) {
    made.request(items);
    return ok;
  });
}

const void* baton_item_body(const baton_item* item, std::size_t* size) {
  if (size) *size = item ? item->item.body.size() : 0;
  return item ? item->item.body.data() : "";
}

const char* baton_item_queue(const baton_item* item) { return item ? item->item.queue.data() : ""; }
std::uint64_t baton_item_id(const baton_item* item) { return item ? item->item.id.value : 0; }
std::uint32_t baton_item_priority(const baton_item* item) { return item ? item->item.priority : 0; }
std::uint32_t baton_item_delivery_count(const baton_item* item) {
  return item ? item->item.attempt : 0;
}

baton_status baton_item_ack(baton_item* item) {
  return settle(item, [](ItemId id) { return Settlement{Settlement::Kind::done, id}; });
}

baton_status baton_item_fail(baton_item* item, const char* reason, std::int64_t delay_ms) {
  return settle(item, [&](ItemId id) {
    return Settlement::failed(id, reason ? reason : "", delay_of(delay_ms));
  });
}

baton_status baton_item_release(baton_item* item) {
  return settle(item, [](ItemId id) { return Settlement{Settlement::Kind::released, id}; });
}

baton_status baton_item_stop_reason(const baton_item* item) {
  if (!item) return failed(BATON_INVALID_ARGUMENT, "the item is NULL");
  return guarded([&] { return status_of(item->handle->consumer.stop_reason(item->item)); });
}

baton_status baton_item_wait_stop(const baton_item* item, std::int64_t timeout_ms) {
  if (!item) return failed(BATON_INVALID_ARGUMENT, "the item is NULL");
  return guarded([&] {
    const auto reason = item->handle->consumer.wait_stop(item->item, time_limit(timeout_ms));
    return reason == StopReason::none ? failed(BATON_WOULD_BLOCK) : status_of(reason);
  });
}

baton_status baton_item_set_failure(baton_item* item, const char* reason, std::int64_t delay_ms) {
  if (!item) return failed(BATON_INVALID_ARGUMENT, "the item is NULL");
  if (item->handle->consumer.forked()) return failed(BATON_FORKED);
  return guarded([&] {
    item->failure = reason ? reason : "";
    item->failure_delay_ms = delay_ms;
    return ok;
  });
}

baton_status baton_consumer_run(baton_consumer* consumer, baton_handler handler, void* context,
                                const baton_run_options* options) {
  static const baton_run_options defaults;
  if (!handler) return failed(BATON_INVALID_ARGUMENT, "the handler is NULL");
  return with(consumer, [&](Consumer& made) {
    if (made.forked()) return failed(BATON_FORKED);  // it may have run in the parent
    const One one(consumer->handle->running);
    if (!one) return failed(BATON_BUSY);
    made.run(
        [&, &handle = *consumer->handle](baton::internal::Item& item) {
          Shown shown(handle, item);
          return shown.outcome_of(handler(context, shown.item()));
        },
        (options ? options : &defaults)->run);
    return made.closing() ? failed(BATON_CLOSED) : ok;
  });
}

baton_status baton_consumer_stop(baton_consumer* consumer) {
  return with(consumer, [](Consumer& made) {
    made.stop_run();
    return ok;
  });
}

baton_status baton_consumer_wait_stop(baton_consumer* consumer, std::int64_t timeout_ms) {
  return with(consumer, [&](Consumer& made) {
    if (!made.pause(time_limit(timeout_ms))) return failed(BATON_WOULD_BLOCK);
    return failed(made.closing() ? BATON_CLOSED : made.shutdown() ? BATON_SHUTDOWN : BATON_STOPPED);
  });
}

baton_status baton_consumer_flush(baton_consumer* consumer, std::int64_t timeout_ms) {
  return with(consumer,
              [&](Consumer& made) { return in_time(made.try_flush(time_limit(timeout_ms))); });
}

baton_status baton_consumer_print(baton_consumer* consumer, const char* lines, std::size_t size,
                                  std::int64_t timeout_ms) {
  if (!lines && size > 0) return failed(BATON_INVALID_ARGUMENT, "the lines are NULL");
  return with(consumer, [&](Consumer& made) {
    return in_time(made.try_print({lines, size}, time_limit(timeout_ms)));
  });
}

baton_status baton_consumer_next_event(baton_consumer* consumer, std::int64_t timeout_ms,
                                       baton_event** event) {
  if (!event) return failed(BATON_INVALID_ARGUMENT, "the pointer for the event is NULL");
  return with(consumer, [&](Consumer& made) {
    auto told = std::make_unique<baton_event>();
    const auto loss = made.next_loss(time_limit(timeout_ms));
    if (!loss) return failed(BATON_WOULD_BLOCK);
    const bool one = loss->id != baton::internal::ItemId{};
    told->kind = !one            ? BATON_EVENT_MORE
                 : loss->settled ? BATON_EVENT_NOT_GRANTED
                                 : BATON_EVENT_LEASE_ENDED;
    told->item_id = loss->id.value;
    told->count = loss->count;
    *event = told.release();
    return ok;
  });
}

std::int32_t baton_event_kind(const baton_event* event) { return event ? event->kind : 0; }
std::uint64_t baton_event_item_id(const baton_event* event) { return event ? event->item_id : 0; }
std::uint64_t baton_event_count(const baton_event* event) { return event ? event->count : 0; }
void baton_event_free(baton_event* event) { delete event; }

std::int32_t baton_consumer_in_contact(baton_consumer* consumer) {
  bool in_contact = false;
  static_cast<void>(with(consumer, [&](Consumer& made) {
    in_contact = made.in_touch();
    return ok;
  }));
  return in_contact ? 1 : 0;
}

void baton_consumer_interrupt(baton_consumer* consumer) {
  if (consumer) consumer->handle->consumer.interrupt();
}

baton_status baton_consumer_fd(baton_consumer* consumer, int* fd) {
  if (!fd) return failed(BATON_INVALID_ARGUMENT, "the pointer for the descriptor is NULL");
  return with(consumer, [&](Consumer& made) {
    *fd = made.event_fd();
    return ok;
  });
}

baton_status baton_consumer_dispatch(baton_consumer* consumer) {
  return with(consumer, [](Consumer& made) {
    made.take_event();
    return ok;
  });
}

baton_status baton_consumer_close(baton_consumer* consumer, std::int32_t held, const char* reason,
                                  std::int64_t timeout_ms) {
  if (held != BATON_FAIL_HELD && held != BATON_RELEASE_HELD)
    return failed(BATON_INVALID_ARGUMENT, "held must be BATON_FAIL_HELD or BATON_RELEASE_HELD");
  return with(consumer, [&](Consumer& made) {
    std::optional<std::string> failure;
    if (held == BATON_FAIL_HELD) failure = reason ? reason : "not settled when its consumer ended";
    made.close(failure, time_limit(timeout_ms));
    return ok;
  });
}
