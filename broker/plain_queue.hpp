// The queue of the plain endpoints: what comes in is an item, what goes out is done. No protocol,
// at most once.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "broker/effects.hpp"
#include "broker/queues.hpp"
#include "broker/settings.hpp"
#include "proto/refusal.hpp"

namespace baton::internal::broker {

/// Pure, as the core. Where settings.plain_queue names none, nothing waits and nothing goes out.
class PlainQueue {
 public:
  /// All must outlive it; `queues` has loaded by then.
  PlainQueue(const CoreSettings& settings, Queues& queues, Effects& effects);

  /// A body from the endpoint `in`, where there is one: it is an item at once. too_large: it is
  /// none.
  Refusal put(std::string_view body, Time now);
  /// Whether `in` is to be bound: shut when the queue is full, open again when half of it is free.
  bool is_open();

  /// Whether there is something that `out` may take.
  bool has_items() const { return queue_ && queue_->has_ready() && queues_.delivers(); }
  /// Up to `room` bodies will be in Effects::out at the turn's end.
  void set_room(std::uint32_t room) { room_ = room; }
  void give_out();

 private:
  const CoreSettings& settings_;
  Queues& queues_;
  Effects& effects_;
  Queue* queue_ = nullptr;  // none without plain endpoints
  Producer* producer_ = nullptr;
  std::uint32_t room_ = 0;  // of `out`, in this turn
  bool open_ = true;        // `in`
};

}  // namespace baton::internal::broker
