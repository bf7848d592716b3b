// The console log: blocks of lines from all processes, in one order, kept for printers that come late.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "proto/ids.hpp"
#include "proto/message.hpp"

namespace baton::broker {

/// Bytes of console lines that may come beyond what is kept.
inline constexpr std::uint64_t console_beyond = 64u << 20;

/// Blocks are numbered from 1. The log keeps the last `keep` bytes, at least one block.
class ConsoleLog {
 public:
  explicit ConsoleLog(std::uint64_t keep) : keep_(keep) {}

  void append(const Said& said);
  /// Drops the oldest blocks down to `keep`, but none after `not_after`, unless all take more than 8 * keep +
  /// console_beyond: so far those come who began before they were held. Returns how many.
  std::uint64_t trim(Number not_after);

  Number last() const { return {first_.value + blocks_.size() - 1}; }
  /// The oldest block that is kept; last() + 1 when there is none.
  Number first() const { return first_; }
  /// `number` must be within first() .. last().
  Said block(Number number) const {
    const auto& block = blocks_[number - first_];
    return {block.client, block.number, block.bytes};
  }
  /// Bytes of all blocks after `number` that are kept.
  std::uint64_t bytes_after(Number number) const;
  std::uint64_t keep() const { return keep_; }
  /// Bytes that so many blocks take besides their own.
  static std::uint64_t overhead(std::uint64_t blocks) { return blocks * sizeof(Block); }
  /// ... and how many are as good as `keep` bytes: of blocks that are very short.
  std::uint64_t most_besides() const { return 4 * keep_ + (64u << 10); }

 private:
  struct Block {
    std::uint64_t client, number;  ///< who said it, and which of its blocks it is
    std::string bytes;
    std::uint64_t end;  ///< bytes of all blocks up to this one, since the log began
  };
  std::uint64_t keep_;
  std::deque<Block> blocks_;
  Number first_{1};
  std::uint64_t total_ = 0;    ///< bytes since the log began
  std::uint64_t dropped_ = 0;  ///< of these, dropped
};

}  // namespace baton::broker
