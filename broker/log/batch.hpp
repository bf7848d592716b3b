// What is written to the disk in one transaction, and the memory in which new items wait for it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/log/record.hpp"
#include "broker/storage.hpp"
#include "proto/ids.hpp"

namespace baton::internal::broker::log {

/// New items with consecutive ids, as rows of `items` side by side. It belongs to the broker's
/// thread; while a batch with it is written, the writer reads rows and offsets, which don't change
/// any more.
class Segment {
 public:
  static constexpr std::size_t most_bytes = 1u << 20, most_items = 8192;

  Segment(ItemId first, Ticket ticket) : first_(first), ticket_(ticket) {}

  bool has_room() const { return rows_.size() < most_bytes && begin_.size() < most_items; }
  void add(const ItemRow& row);
  /// The item is settled. Returns whether it was here and not settled before.
  bool erase(ItemId id);

  ItemId first() const { return first_; }
  ItemId end() const { return first_ + begin_.size(); }
  bool contains(ItemId id) const {
    return id >= first_ && id < end() && !gone_[id.value - first_.value];
  }
  std::string_view row(ItemId id) const;
  Ticket ticket() const { return ticket_; }
  std::uint64_t live() const { return live_; }
  /// By position: whether the item is gone.
  const std::vector<bool>& gone() const { return gone_; }
  std::size_t memory() const {
    return rows_.capacity() + begin_.capacity() * sizeof(std::uint32_t) + 256;
  }
  /// Frees spare capacity: nothing will be added any more.
  void shrink();

  bool on_disk = false;  ///< durable, and still kept in memory

 private:
  ItemId first_;
  Ticket ticket_;  ///< of its batch
  std::string rows_;
  std::vector<std::uint32_t> begin_;
  std::vector<bool> gone_;
  std::uint64_t live_ = 0;
};

/// A row, or nullopt to delete it.
using Change = std::optional<std::string>;

struct Batch {
  struct NewItems {
    std::shared_ptr<const Segment> segment;
    std::vector<bool> skip;  ///< by position: items settled before they were ever written
  };
  Ticket ticket = 0;
  std::vector<NewItems> puts;
  std::vector<ItemId> erased;  ///< from `items`
  std::map<std::uint64_t, Change> states, queues, producers;
  ItemId last;  ///< the last id in use

  /// New items and producers' numbers: these are held back when the disk is full.
  bool has_puts() const { return !puts.empty() || !queues.empty() || !producers.empty(); }
  bool has_settles() const { return !erased.empty() || !states.empty(); }
  bool empty() const { return !has_puts() && !has_settles(); }

  /// Adds a later batch. New items here that it settles are not written any more.
  void absorb(Batch&& later);
  /// Everything that has_settles() counts was written.
  void forget_settles();

 private:
  bool skip(ItemId id);
};

}  // namespace baton::internal::broker::log
