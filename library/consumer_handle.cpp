#include <memory>

#include "library/consumer.hpp"

namespace baton::internal::capi {

namespace {

baton_item freed;  // marks that no spare item is kept

}  // namespace

ConsumerHandle::~ConsumerHandle() {
  for (auto* item : spare_) delete item;
}

void ConsumerHandle::disown() {
  if (owners_.fetch_sub(1) == 1) delete this;
}

void ConsumerHandle::free() {
  if (auto* item = last_spare_.exchange(&freed)) {
    delete item;
    disown();
  }
  disown();
}

baton_item* ConsumerHandle::new_item() {
  if (auto* item = last_spare_.exchange(nullptr)) return item;
  auto* item = take_spare();
  if (!item) item = std::make_unique<baton_item>().release();
  item->handle = this;
  owners_.fetch_add(1);
  return item;
}

void ConsumerHandle::put_by(baton_item* item) {
  const bool keeps = item->item.body.capacity() <= longest_spare;
  item->failure.clear();
  item->failure_delay_ms = 0;
  baton_item* none = nullptr;
  if (keeps && last_spare_.compare_exchange_strong(none, item)) return;  // `this` may be gone now
  if (!keeps || !keep(item)) delete item;
  disown();
}

baton_item* ConsumerHandle::take_spare() {
  if (consumer.forked()) return nullptr;  // a thread of the parent may have held the lock
  const std::lock_guard lock(mutex_);
  if (spare_.empty()) return nullptr;
  auto* item = spare_.back();
  spare_.pop_back();
  return item;
}

bool ConsumerHandle::keep(baton_item* item) {
  if (consumer.forked()) return false;
  const std::lock_guard lock(mutex_);
  if (spare_.size() == most_spare) return false;
  spare_.push_back(item);
  return true;
}

}  // namespace baton::internal::capi
