// Storage that keeps items in memory: what is confirmed lives as long as the process.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/recent.hpp"
#include "broker/storage.hpp"

namespace baton::internal::broker {

/// Bodies lie side by side in pages of consecutive ids; a page is reused when its last body is
/// erased. If all pages take more than three times their live bodies, sparse pages are packed, so
/// long-lived items (dead, delayed, held) keep little memory besides their own. Bodies above
/// `large` are kept apart and freed one by one. Of an item's history the last failures are kept, in
/// most_history bytes, or fewer if there are many.
class MemoryStorage final : public Storage {
 public:
  void put(const StoredItem& item, const Names& names, std::string_view body) override;
  std::string_view body(ItemId id) override;
  void update(const StoredItem& item, const std::vector<FailureRecord>& history) override;
  std::vector<FailureRecord> history(ItemId id) override;
  void erase(ItemId id) override;
  Ticket commit() override { return 0; }
  Durable durable() override { return {}; }

  /// Memory that pages in use take for bodies.
  std::uint64_t bytes() const { return bytes_; }
  /// Memory that histories take.
  std::uint64_t history_bytes() const { return history_bytes_; }

 private:
  static constexpr std::size_t most_history = 1024;
  /// Bytes of all histories; beyond that, new ones are cut to short_history.
  static constexpr std::size_t most_histories = 32u << 20;
  static constexpr std::size_t short_history = 128;
  static constexpr std::size_t page_items = 512;
  static constexpr std::size_t large = 4096;
  static constexpr std::size_t worth_packing = 4096;  ///< bytes of a page
  /// Bytes that pages may take beyond three times the live bodies.
  static constexpr std::size_t slack = 16u << 20;

  struct Page {
    std::array<std::uint32_t, page_items> begin{};  // offset of each body in `bytes`
    std::array<std::uint32_t, page_items> size{};   // or `apart`, for a large one
    std::uint32_t live = 0, live_bytes = 0;
    std::string bytes;
  };
  static constexpr std::uint32_t apart = UINT32_MAX;

  Page& page_of(ItemId id) {
    const auto number = id.value / page_items;
    auto* page = recent_.find(number);
    return page ? *page : recent_.note(number, make_page(number));
  }
  Page& make_page(std::uint64_t number);
  void free_page(std::uint64_t number);
  bool is_worth_packing() const { return bytes_ > 3 * live_bytes_ + slack; }
  void pack_some();
  void pack(Page& page);
  void forget_history(ItemId id);
  void count(Page& page, std::size_t capacity_before) {
    bytes_ += page.bytes.capacity() - capacity_before;
  }

  // pages_[i] holds the ids of page number first_page_ + i.
  std::deque<std::unique_ptr<Page>> pages_;
  std::uint64_t first_page_ = 0;
  Recent<Page> recent_;
  std::uint64_t bytes_ = 0, live_bytes_ = 0;  // of pages in use
  std::size_t next_look_ = 0;                 // in pages_: where pack_some() continues
  std::vector<std::unique_ptr<Page>> spare_;
  std::unordered_map<std::uint64_t, std::string> large_;
  std::unordered_map<std::uint64_t, std::string> histories_;  // packed, of items that have one
  std::size_t history_bytes_ = 0;
};

}  // namespace baton::internal::broker
