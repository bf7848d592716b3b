// Received messages of entries, taken entry by entry.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/message.hpp"

namespace baton::internal {

/// Keeps one copy of each message and reuses its buffers. Entries of kinds other than `kind` are
/// skipped, but count in the numbers. Not thread-safe.
class Inbox {
 public:
  explicit Inbox(EntryKind kind) : kind_(kind) {}

  struct Taken {
    Entry entry;  ///< its payload is valid until the next call of next() or clear()
    /// Of an entry added with add_apart(); equally valid. May be swapped for another string.
    std::string* body = nullptr;
    SeqNo number;
    std::uint64_t tag = 0;
  };

  /// `payload` has passed check_entries(); its first entry has number `first`. The first `skip`
  /// entries are left out. `tag` is returned with each entry.
  void add(std::string_view payload, SeqNo first, std::uint32_t skip, std::uint64_t tag = 0) {
    EntryReader in(payload);
    Entry entry;
    for (std::uint32_t i = 0; i < skip; ++i) in.next(entry);
    const auto rest = in.rest();
    std::uint32_t wanted = 0;
    while (in.next(entry)) wanted += entry.kind == kind_;
    if (wanted == 0) return;
    messages_.push_back({take_spare(), 0, first + skip, wanted, tag});
    messages_.back().bytes.assign(rest);
    size_ += wanted;
  }

  /// Adds one entry of our kind whose body is separate.
  void add_apart(std::string entry, std::string body, SeqNo number, std::uint64_t tag) {
    messages_.push_back({std::move(entry), 0, number, 1, tag, std::move(body), true});
    ++size_;
  }
  /// Memory for a separate body: that of the previous one, if nothing else came since.
  std::string take_large_buffer() { return std::exchange(large_, {}); }

  bool empty() const { return size_ == 0; }
  /// Number of waiting entries.
  std::size_t size() const { return size_; }

  /// Takes the oldest entry; false when there is none.
  bool next(Taken& taken) {
    if (!messages_.empty() && messages_.front().left == 0) retire();
    if (messages_.empty()) return false;
    auto& message = messages_.front();
    EntryReader in(std::string_view(message.bytes).substr(message.at));
    do {
      in.next(taken.entry);
      taken.number = message.number;
      message.number += 1;
    } while (taken.entry.kind != kind_);
    message.at = message.bytes.size() - in.rest().size();
    taken.tag = message.tag;
    taken.body = message.apart ? &message.body : nullptr;
    --message.left;
    --size_;
    return true;
  }

  void clear() {
    while (!messages_.empty()) retire();
    size_ = 0;
  }

 private:
  struct Message {
    std::string bytes;
    std::size_t at;      // where the next entry begins
    SeqNo number;        // of the next entry
    std::uint32_t left;  // entries of our kind
    std::uint64_t tag;
    std::string body = {};
    bool apart = false;
  };

  std::string take_spare() {
    if (spare_.empty()) return {};
    auto bytes = std::move(spare_.back());
    spare_.pop_back();
    return bytes;
  }

  void retire() {
    auto& bytes = messages_.front().bytes;
    large_.swap(messages_.front().body);  // empty, if this one's was not apart
    if (spare_.size() < 8 && bytes.capacity() <= 2 * pack_bytes) spare_.push_back(std::move(bytes));
    messages_.pop_front();
  }

  EntryKind kind_;
  std::deque<Message> messages_;
  std::vector<std::string> spare_;
  std::string large_;
  std::size_t size_ = 0;  // Invariant: the sum of all messages' `left`
};

}  // namespace baton::internal
