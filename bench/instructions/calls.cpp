// Puts items, gets and acks them through the C interface of the shared library, in batches, with
// a broker at BATON_BROKER: scripts/instructions runs it under callgrind and reads what the calling
// thread spent in the batches.
#include <array>
#include <cstdint>
#include <iostream>

#include "baton/baton.h"

namespace {

constexpr int batches = 21, batch_items = 500;
constexpr std::array<char, 93> body{};

bool is_ok(baton_status status) {
  if (status != BATON_OK) std::cerr << baton_status_name(status) << ": " << baton_last_error();
  return status == BATON_OK;
}

bool make(baton_producer*& producer, baton_consumer*& consumer) {
  auto* options = baton_options_new();
  const bool made = is_ok(baton_options_set_prefetch(options, batch_items)) &&
                    is_ok(baton_producer_new(options, &producer)) &&
                    is_ok(baton_consumer_new(options, &consumer));
  baton_options_free(options);
  return made;
}

}  // namespace

// What callgrind tells apart, by name.
extern "C" {

[[gnu::noinline]] bool put_batch(baton_producer* producer) {
  for (int i = 0; i < batch_items; ++i)
    if (!is_ok(baton_put(producer, body.data(), body.size(), nullptr, BATON_FOREVER, nullptr)))
      return false;
  return true;
}

[[gnu::noinline]] bool get_batch(baton_consumer* consumer) {
  for (int i = 0; i < batch_items; ++i) {
    baton_item* item = nullptr;
    std::size_t size = 0;
    if (!is_ok(baton_get(consumer, BATON_FOREVER, &item))) return false;
    static_cast<void>(baton_item_body(item, &size));
    if (!is_ok(baton_item_ack(item)) || size != body.size()) return false;
  }
  return true;
}

}  // extern "C"

int main() {
  baton_producer* producer = nullptr;
  baton_consumer* consumer = nullptr;
  bool good = make(producer, consumer);
  for (int i = 0; i < batches && good; ++i)
    good = put_batch(producer) && is_ok(baton_producer_flush(producer, BATON_FOREVER)) &&
           get_batch(consumer) && is_ok(baton_consumer_flush(consumer, BATON_FOREVER));
  baton_consumer_free(consumer);
  baton_producer_free(producer);
  return good ? 0 : 1;
}
