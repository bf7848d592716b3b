// Consumers and items of the C interface.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "baton/baton.h"
#include "consumer/consumer.hpp"

namespace baton::internal::capi {

/// A consumer, and its unused item objects, kept for reuse. It has owners and is deleted with the
/// last of them: its user, until free(), and each item that the user has. Any thread.
class ConsumerHandle {
 public:
  /// With one owner.
  explicit ConsumerHandle(ConsumerOptions options) : consumer(std::move(options)) {}
  ConsumerHandle(const ConsumerHandle&) = delete;
  ConsumerHandle& operator=(const ConsumerHandle&) = delete;

  /// The user is done with the consumer, though perhaps not with its items.
  void free();
  /// An item for the user. Not after free().
  baton_item* new_item();
  /// The user is done with the item.
  void put_by(baton_item* item);

  Consumer consumer;
  std::atomic<bool> running = false;

 private:
  ~ConsumerHandle();
  void disown();
  baton_item* take_spare();
  bool keep(baton_item* item);

  static constexpr std::size_t most_spare = 64;
  static constexpr std::size_t longest_spare = 64 << 10;  ///< bytes of a body

  std::atomic<std::size_t> owners_ = 1;
  // Mostly one item is got and settled at a time: that takes no lock, nor does the owner change.
  // nullptr: none; `freed`: none from now on.
  std::atomic<baton_item*> last_spare_ = nullptr;
  std::mutex mutex_;
  std::vector<baton_item*> spare_;  // further ones, which own nothing
};

}  // namespace baton::internal::capi

struct baton_consumer {
  baton::internal::capi::ConsumerHandle* handle;
};

struct baton_item {
  baton::internal::capi::ConsumerHandle* handle = nullptr;
  baton::internal::Item item;
  std::string failure;
  std::int64_t failure_delay_ms = 0;
};

struct baton_event {
  std::int32_t kind = 0;
  std::uint64_t item_id = 0;
  std::uint64_t count = 1;
};
