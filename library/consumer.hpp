// Consumers and items of the C interface.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "baton/baton.h"
#include "consumer/consumer.hpp"

namespace baton::internal::capi {

/// A consumer, and its unused item objects, kept for reuse. Lives as long as its items.
class ConsumerHandle : public std::enable_shared_from_this<ConsumerHandle> {
 public:
  explicit ConsumerHandle(ConsumerOptions options) : consumer(std::move(options)) {}
  ~ConsumerHandle();
  ConsumerHandle(const ConsumerHandle&) = delete;
  ConsumerHandle& operator=(const ConsumerHandle&) = delete;

  baton_item* new_item();
  void put_by(baton_item* item);

  Consumer consumer;
  std::atomic<bool> running = false;

 private:
  static constexpr std::size_t most_spare = 64;
  static constexpr std::size_t longest_spare = 64 << 10;  ///< bytes of a body

  std::mutex mutex_;
  std::vector<baton_item*> spare_;
};

}  // namespace baton::internal::capi

struct baton_consumer {
  std::shared_ptr<baton::internal::capi::ConsumerHandle> handle;
};

struct baton_item {
  std::shared_ptr<baton::internal::capi::ConsumerHandle> handle;  // while the user has it
  baton::internal::Item item;
  std::string failure;
  std::int64_t failure_delay_ms = 0;
};

struct baton_event {
  std::int32_t kind = 0;
  std::uint64_t item_id = 0;
  std::uint64_t count = 1;
};
