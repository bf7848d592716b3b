// The console log: blocks of lines from all processes, in one order, kept for printers that come
// late.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "proto/ids.hpp"
#include "proto/message.hpp"

namespace baton::internal::broker {

/// Bytes of console lines that may come beyond what is kept.
inline constexpr std::uint64_t console_beyond = 64u << 20;

/// A block of more than print_part_bytes is parts, which follow one another; they are what is
/// numbered, from 1. The log keeps the last `keep` bytes, at least one block, each whole.
class ConsoleLog {
 public:
  explicit ConsoleLog(std::uint64_t keep) : keep_(keep) {}

  /// `said` is a whole block. It is logged in parts of print_part_bytes.
  void append(const PrintBlock& printed);
  /// Drops the oldest blocks down to `keep`, but none after `not_after`, unless all take more than
  /// 8 * keep + console_beyond: so far those come who began before they were held. Returns how many
  /// parts.
  std::uint64_t trim(SeqNo not_after);

  SeqNo last() const { return {first_.value + parts_.size() - 1}; }
  /// The oldest part that is kept; last() + 1 when there is none.
  SeqNo first() const { return first_; }
  /// `number` must be within first() .. last().
  PrintBlock part(SeqNo number) const {
    const auto& part = parts_[number - first_];
    return {part.client, part.number, part.bytes, part.goes_on};
  }
  /// Bytes of all parts after `number` that are kept.
  std::uint64_t bytes_after(SeqNo number) const;
  std::uint64_t keep() const { return keep_; }
  /// Bytes that so many parts take besides their own.
  static std::uint64_t overhead(std::uint64_t parts) { return parts * sizeof(Part); }
  /// ... and how many are as good as `keep` bytes: of blocks that are very short.
  std::uint64_t most_besides() const { return 4 * keep_ + (64u << 10); }

 private:
  struct Part {
    std::uint64_t client, number;  ///< who said it, and which of its blocks it is
    std::string bytes;
    std::uint64_t end;  ///< bytes of all parts up to this one, since the log began
    bool goes_on;       ///< the next part is of the same block
  };
  std::uint64_t keep_;
  std::deque<Part> parts_;
  SeqNo last_block_{1};  ///< where the newest block begins
  SeqNo first_{1};
  std::uint64_t total_ = 0;    ///< bytes since the log began
  std::uint64_t dropped_ = 0;  ///< of these, dropped

  void drop_block();
};

}  // namespace baton::internal::broker
