// Inputs of named producers, and their dead items.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "library/options.hpp"
#include "library/producer.hpp"
#include "library/status.hpp"
#include "producer/retrace.hpp"

using baton::internal::Retrace;

struct baton_input {
  baton_producer* producer;
  Retrace retrace;
  bool restarts;                                     // the next put voids what was put before
  std::optional<baton::internal::InputPlace> place;  // of the last item given, until it is put
  std::string body;                                  // of that item
  bool fresh = false;                                // nobody has put it
};

struct baton_dead_items {
  std::vector<baton::internal::DeadNotice> items;
};

using namespace baton::internal::capi;

namespace {

constexpr const char* is_null = "the input is NULL";

const baton::internal::DeadNotice& dead_item(const baton_dead_items* dead, std::size_t index) {
  static const baton::internal::DeadNotice none;
  return dead && index < dead->items.size() ? dead->items[index] : none;
}

const baton::internal::DeadNotice::Failure& failure_of(const baton_dead_items* dead,
                                                       std::size_t index, std::size_t failure) {
  static const baton::internal::DeadNotice::Failure none;
  const auto& history = dead_item(dead, index).history;
  return failure < history.size() ? history[failure] : none;
}

std::int32_t which_of(Retrace::Verdict verdict) {
  switch (verdict) {
    case Retrace::Verdict::in:
      return BATON_INPUT_ALREADY_PUT;
    case Retrace::Verdict::fresh:
      return BATON_INPUT_FRESH;
    case Retrace::Verdict::differs:
      break;
  }
  return BATON_INPUT_CONFLICT;
}

}  // namespace

baton_status baton_input_new(baton_producer* producer, std::int32_t again, std::int64_t timeout_ms,
                             baton_input** input) {
  if (!producer || !input)
    return failed(BATON_INVALID_ARGUMENT, "the producer or the pointer for the input is NULL");
  return guarded([&] {
    if (!producer->named)
      return failed(BATON_INVALID_ARGUMENT, "only a producer with a name has an input");
    std::optional<std::vector<baton::internal::Checkpoint>> before;
    before = producer->producer.already_put_within(time_limit(timeout_ms));
    if (!before) return failed(BATON_WOULD_BLOCK);
    if (again != 0) before->clear();
    *input = new baton_input{
        producer, Retrace(producer->queue, std::move(*before)), again != 0, std::nullopt, {}};
    return ok;
  });
}

void baton_input_free(baton_input* input) { delete input; }

baton_status baton_input_next(baton_input* input, const void* body, std::size_t size,
                              std::int32_t* which) {
  if (!input || !which || (!body && size > 0)) return failed(BATON_INVALID_ARGUMENT, is_null);
  if (input->place && input->fresh)
    return failed(BATON_INVALID_ARGUMENT,
                  "the item before it is still to be put, or skipped: call baton_input_put()");
  return guarded([&] {
    const std::string_view next(static_cast<const char*>(body), size);
    input->body = next;
    *which = which_of(input->retrace.next(next));
    input->fresh = *which == BATON_INPUT_FRESH;
    input->place = baton::internal::InputPlace{input->retrace.at(), input->restarts};
    return ok;
  });
}

baton_status baton_input_skip(baton_input* input) {
  if (!input) return failed(BATON_INVALID_ARGUMENT, is_null);
  input->fresh = false;
  return ok;
}

baton_status baton_input_put(baton_input* input, const void* body, std::size_t size,
                             const baton_put_options* options, std::int64_t timeout_ms,
                             std::uint64_t* sequence_number) {
  if (!input || (!body && size > 0)) return failed(BATON_INVALID_ARGUMENT, is_null);
  if (!input->place) return failed(BATON_INVALID_ARGUMENT, "the input was given no item to put");
  const std::string_view item(static_cast<const char*>(body), size);
  if (item != input->body)
    return failed(BATON_INVALID_ARGUMENT, "the item is not the one given to baton_input_next()");
  return guarded([&] {
    auto put = options ? options->put : baton::internal::PutOptions();
    put.place = input->place;
    const auto number = input->producer->producer.put_within(item, time_limit(timeout_ms), put);
    if (!number) return failed(BATON_WOULD_BLOCK);
    input->place.reset();
    input->restarts = false;
    if (sequence_number) *sequence_number = number->value;
    return ok;
  });
}

std::uint64_t baton_input_items(const baton_input* input) {
  return input ? input->retrace.at().items : 0;
}
std::uint64_t baton_input_same(const baton_input* input) {
  return input ? input->retrace.same() : 0;
}
std::uint64_t baton_input_already_put(const baton_input* input) {
  return input ? input->retrace.already_put() : 0;
}
std::int32_t baton_input_complete(const baton_input* input) {
  return input && input->retrace.complete() ? 1 : 0;
}

baton_status baton_producer_dead_items(baton_producer* producer, baton_dead_items** dead) {
  if (!producer || !dead)
    return failed(BATON_INVALID_ARGUMENT, "the producer or the pointer for its dead items is NULL");
  return guarded([&] {
    *dead = new baton_dead_items{producer->producer.settled().notices};
    return ok;
  });
}

void baton_dead_items_free(baton_dead_items* dead) { delete dead; }
std::size_t baton_dead_items_count(const baton_dead_items* dead) {
  return dead ? dead->items.size() : 0;
}

std::uint64_t baton_dead_item_id(const baton_dead_items* dead, std::size_t index) {
  return dead_item(dead, index).id.value;
}
const char* baton_dead_item_queue(const baton_dead_items* dead, std::size_t index) {
  return dead_item(dead, index).queue.c_str();
}
const char* baton_dead_item_body(const baton_dead_items* dead, std::size_t index) {
  return dead_item(dead, index).body.c_str();
}
std::uint64_t baton_dead_item_failures(const baton_dead_items* dead, std::size_t index) {
  return dead_item(dead, index).failures;
}
std::size_t baton_dead_item_history(const baton_dead_items* dead, std::size_t index) {
  return dead_item(dead, index).history.size();
}
const char* baton_dead_item_consumer(const baton_dead_items* dead, std::size_t index,
                                     std::size_t failure) {
  return failure_of(dead, index, failure).consumer.c_str();
}
const char* baton_dead_item_reason(const baton_dead_items* dead, std::size_t index,
                                   std::size_t failure) {
  return failure_of(dead, index, failure).why.c_str();
}
std::int64_t baton_dead_item_age_ms(const baton_dead_items* dead, std::size_t index,
                                    std::size_t failure) {
  return failure_of(dead, index, failure).ago_ms;
}
