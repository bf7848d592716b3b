// What is given to the disk in one transaction, and the memory in which new items wait for it.
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

/// New items with ids that follow one another, as rows of `items` side by side. It belongs to the
/// broker's thread; while a batch of it is written, the writer reads rows and offsets, which don't
/// change any more.
class Segment {
 public:
  static constexpr std::size_t most_bytes = 1u << 20, most_items = 8192;

  Segment(ItemId first, Ticket ticket) : first_(first), ticket_(ticket) {}

  bool has_room() const { return rows_.size() < most_bytes && begin_.size() < most_items; }
  void add(const ItemRow& row);
  /// The item is settled. Returns whether it was here and was not yet.
  bool erase(ItemId id);

  ItemId first() const { return first_; }
  ItemId end() const { return first_ + begin_.size(); }
  bool contains(ItemId id) const {
    return id >= first_ && id < end() && !gone_[id.value - first_.value];
  }
  std::string_view row(ItemId id) const;
  Ticket ticket() const { return ticket_; }
  std::uint64_t live() const { return live_; }
  /// Which of its items are gone by now, by position.
  const std::vector<bool>& gone() const { return gone_; }
  std::size_t memory() const {
    return rows_.capacity() + begin_.capacity() * sizeof(std::uint32_t) + 256;
  }
  /// Nothing will be added any more.
  void shrink();

  bool on_disk = false;  ///< and kept here all the same

 private:
  ItemId first_;
  Ticket ticket_;  ///< of its batch
  std::string rows_;
  std::vector<std::uint32_t> begin_;
  std::vector<bool> gone_;
  std::uint64_t live_ = 0;
};

/// A row, or nothing where it is to be deleted.
using Change = std::optional<std::string>;

struct Batch {
  struct NewItems {
    std::shared_ptr<const Segment> segment;
    std::vector<bool> skip;  ///< by position: settled before it was ever written
  };
  Ticket ticket = 0;
  std::vector<NewItems> puts;
  std::vector<ItemId> erased;  ///< from `items`
  std::map<std::uint64_t, Change> states, queues, producers;
  ItemId last;  ///< the last id that was given

  /// New items and the numbers of producers: what is held when there is no room.
  bool has_puts() const { return !puts.empty() || !queues.empty() || !producers.empty(); }
  bool has_settles() const { return !erased.empty() || !states.empty(); }
  bool empty() const { return !has_puts() && !has_settles(); }

  /// Takes what a later batch says. What it settles of the new items here need not be written any
  /// more.
  void absorb(Batch&& later);
  /// What has_settles() speaks of is written.
  void forget_settles();

 private:
  bool skip(ItemId id);
};

}  // namespace baton::internal::broker::log
