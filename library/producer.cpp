#include "library/producer.hpp"

#include <memory>

#include "library/options.hpp"
#include "library/status.hpp"

using namespace baton::internal::capi;

namespace {

/// Calls `body(producer)`, which returns whether it succeeded in time.
template <class Body>
baton_status in_time(baton_producer* producer, Body body) {
  if (!producer) return failed(BATON_INVALID_ARGUMENT, "the producer is NULL");
  return guarded([&] { return body(producer->producer) ? ok : failed(BATON_WOULD_BLOCK); });
}

template <class Body>
baton_status done(baton_producer* producer, Body body) {
  return in_time(producer, [&](baton::internal::Producer& made) {
    body(made);
    return true;
  });
}

}  // namespace

baton_status baton_producer_new(const baton_options* options, baton_producer** producer) {
  if (!producer) return failed(BATON_INVALID_ARGUMENT, "the pointer for the producer is NULL");
  return guarded([&] {
    *producer = std::make_unique<baton_producer>(producer_options(options)).release();
    return ok;
  });
}

void baton_producer_free(baton_producer* producer) { delete producer; }

baton_status baton_put(baton_producer* producer, const void* body, std::size_t size,
                       const baton_put_options* options, std::int64_t timeout_ms,
                       std::uint64_t* sequence_number) {
  static const baton_put_options defaults;
  if (!body && size > 0) return failed(BATON_INVALID_ARGUMENT, "the body is NULL");
  return in_time(producer, [&](baton::internal::Producer& made) {
    const auto number =
        made.put_within({static_cast<const char*>(body), size}, time_limit(timeout_ms),
                        (options ? options : &defaults)->put);
    if (number && sequence_number) *sequence_number = number->value;
    return number.has_value();
  });
}

baton_status baton_producer_flush(baton_producer* producer, std::int64_t timeout_ms) {
  return in_time(producer, [&](baton::internal::Producer& made) {
    return made.try_flush(time_limit(timeout_ms));
  });
}

baton_status baton_producer_join(baton_producer* producer, std::int64_t timeout_ms) {
  return in_time(producer, [&](baton::internal::Producer& made) {
    return made.try_join(time_limit(timeout_ms));
  });
}

baton_status baton_producer_print(baton_producer* producer, const char* lines, std::size_t size,
                                  std::int64_t timeout_ms) {
  if (!lines && size > 0) return failed(BATON_INVALID_ARGUMENT, "the lines are NULL");
  return in_time(producer, [&](baton::internal::Producer& made) {
    return made.try_print({lines, size}, time_limit(timeout_ms));
  });
}

baton_status baton_producer_counts(baton_producer* producer, std::uint64_t* put,
                                   std::uint64_t* done_items, std::uint64_t* dead,
                                   std::uint64_t* lost) {
  return done(producer, [&](baton::internal::Producer& made) {
    const auto counts = made.counts();
    if (put) *put = counts.put;
    if (done_items) *done_items = counts.done;
    if (dead) *dead = counts.dead;
    if (lost) *lost = counts.lost;
  });
}

std::int32_t baton_producer_in_contact(baton_producer* producer) {
  bool in_contact = false;
  static_cast<void>(
      done(producer, [&](baton::internal::Producer& made) { in_contact = made.in_touch(); }));
  return in_contact ? 1 : 0;
}

void baton_producer_interrupt(baton_producer* producer) {
  if (producer) producer->producer.interrupt();
}

baton_status baton_producer_fd(baton_producer* producer, int* fd) {
  if (!fd) return failed(BATON_INVALID_ARGUMENT, "the pointer for the descriptor is NULL");
  return done(producer, [&](baton::internal::Producer& made) { *fd = made.event_fd(); });
}

baton_status baton_producer_dispatch(baton_producer* producer) {
  return done(producer, [](baton::internal::Producer& made) { made.take_event(); });
}

baton_status baton_producer_stop(baton_producer* producer) {
  return done(producer, [](baton::internal::Producer& made) { made.stop(); });
}

baton_status baton_producer_close(baton_producer* producer, std::int64_t timeout_ms) {
  return done(producer,
              [&](baton::internal::Producer& made) { made.close(time_limit(timeout_ms)); });
}
