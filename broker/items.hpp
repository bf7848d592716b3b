// The table of items: everything the core knows of an item except its body.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "broker/recent.hpp"
#include "proto/ids.hpp"

namespace baton::internal::broker {

struct Session;

/// An item is in exactly one place.
enum class Place : std::uint8_t {
  gone,       ///< not in the broker: never was, or settled
  ready,      ///< in its queue's ready list, or among its suspects
  delayed,    ///< waits until it is due
  held,       ///< delivered to `holder`, not settled yet
  dead,       ///< failed too often; among its queue's dead letters
  returning,  ///< came back without its holder's word; ready once that is stored
};
inline constexpr std::size_t place_count = 6;

struct QueuedItem {
  Session* holder = nullptr;  ///< while held
  /// While held: the number of the delivery (Session::delivered).
  std::uint64_t delivered = 0;
  std::uint32_t size = 0;      ///< of the body, in bytes
  std::uint32_t queue = 0;     ///< index of its queue
  std::uint32_t producer = 0;  ///< index of its producer
  std::uint16_t failures = 0;
  std::uint8_t priority : 4 = 0;
  bool suspect : 1 = false;  ///< it has, or may have, killed its holder: it is delivered alone
  Place place = Place::gone;
};
static_assert(sizeof(QueuedItem) == 32, "ten million of these must fit");

/// Items by id. Ids rise, so the table is a window of chunks that moves along with them. Where ids
/// jump (between the items of an earlier process and new ones), or after an item that stays for
/// long, a new window begins.
class Items {
 public:
  /// `id` must be larger than any id added before.
  QueuedItem& add(ItemId id) {
    auto& chunk = chunk_for(id.value / chunk_items);
    ++chunk.live;
    ++size_;
    return chunk.items[id.value % chunk_items];
  }

  /// The item, or nullptr if it is gone (or never was).
  QueuedItem* find(ItemId id) {
    const auto number = id.value / chunk_items;
    auto* chunk = chunk_of(number);
    if (!chunk) return nullptr;
    auto& item = chunk->items[id.value % chunk_items];
    return item.place == Place::gone ? nullptr : &item;
  }

  const QueuedItem* find(ItemId id) const { return const_cast<Items*>(this)->find(id); }

  void remove(ItemId id);

  std::uint64_t size() const { return size_; }
  /// Slots for chunks, including empty ones: the table's overhead.
  std::uint64_t places() const {
    std::uint64_t sum = 0;
    for (const auto& window : windows_) sum += window.chunks.size();
    return sum;
  }

  /// Calls see(id, item) for each item, in the order of ids.
  template <class See>
  void each(See see) const {
    for (const auto& window : windows_)
      for (std::size_t c = 0; c < window.chunks.size(); ++c)
        for (std::size_t i = 0; window.chunks[c] && i < chunk_items; ++i)
          if (const auto& item = window.chunks[c]->items[i]; item.place != Place::gone)
            see(ItemId{(window.first + c) * chunk_items + i}, item);
  }

 private:
  static constexpr std::size_t chunk_items = 512;
  /// Empty chunks that a window may have, unless it has as many others.
  static constexpr std::uint64_t most_empty = 1u << 14;
  /// Chunks: a gap worth a new window. If a longer one were filled, each item that passes through
  /// an otherwise empty table with one old item would pay for all chunks since the old one.
  static constexpr std::uint64_t shortest_split = 1u << 10;
  struct Chunk {
    std::array<QueuedItem, chunk_items> items{};
    std::uint32_t live = 0;
  };
  struct Window {
    std::uint64_t first = 0;  ///< chunks[i] is chunk number first + i
    std::uint64_t empty = 0;  ///< how many of them are null
    std::deque<std::unique_ptr<Chunk>> chunks;
    std::uint64_t end() const { return first + chunks.size(); }
  };
  using Windows = std::deque<Window>;
  Windows::iterator window_of(std::uint64_t number);
  Chunk* search(std::uint64_t number);
  /// nullptr when there is none.
  Chunk* chunk_of(std::uint64_t number) {
    auto* chunk = recent_.find(number);
    return chunk ? chunk : search(number);
  }
  Chunk& chunk_for(std::uint64_t number) {
    auto* chunk = recent_.find(number);
    return chunk ? *chunk : recent_.note(number, make_chunk(number));
  }
  Chunk& make_chunk(std::uint64_t number);
  void free_chunk(std::uint64_t number);
  void trim(Windows::iterator window);
  void split(Windows::iterator window);

  Windows windows_;  // by first
  Recent<Chunk> recent_;
  std::uint64_t size_ = 0;
  std::vector<std::unique_ptr<Chunk>> spare_;
};

}  // namespace baton::internal::broker
