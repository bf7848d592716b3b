// The queue of the plain endpoints: what comes in is an item, what goes out is settled. No
// protocol, at most once.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "broker/effects.hpp"
#include "broker/queues.hpp"
#include "broker/settings.hpp"
#include "proto/refusal.hpp"

namespace baton::internal::broker {

/// Pure, like the core. Does nothing if settings.plain_queue is empty.
class PlainQueue {
 public:
  /// All must outlive it; `queues` is loaded already.
  PlainQueue(const CoreSettings& settings, Queues& queues, Effects& effects);

  /// A body from the endpoint `in`: becomes an item at once. Returns too_large if it does not.
  Refusal put(std::string_view body, Time now);
  /// Whether `in` should be bound: closed when the queue is full, open again when half of it is
  /// free.
  bool is_open();

  /// Whether there are items for `out`.
  bool has_items() const { return queue_ && queue_->has_ready() && queues_.delivers(); }
  /// At most `room` bodies will be in Effects::out at the end of the turn.
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
