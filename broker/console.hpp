// The console log: blocks of lines from all processes, in one order, kept for printers that connect
// late.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "proto/ids.hpp"
#include "proto/message.hpp"

namespace baton::internal::broker {

/// Bytes of console lines that may come in beyond what is kept.
inline constexpr std::uint64_t console_beyond = 64u << 20;

/// A block of more than print_part_bytes is split into consecutive parts. Parts are numbered, from
/// 1. The log keeps the last `keep` bytes, in whole blocks, at least one.
class ConsoleLog {
 public:
  explicit ConsoleLog(std::uint64_t keep) : keep_(keep) {}

  /// `printed` is a whole block. It is logged in parts of print_part_bytes.
  void append(const PrintBlock& printed);
  /// Drops the oldest blocks until `keep` bytes are left. Keeps all after `not_after`, unless the
  /// log exceeds 8 * keep + console_beyond bytes: clients that began before they were held back may
  /// get that far. Returns how many parts were dropped.
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
  /// Memory overhead of this many parts, in bytes.
  static std::uint64_t overhead(std::uint64_t parts) { return parts * sizeof(Part); }
  /// The largest overhead allowed, in bytes. Very short blocks reach it before `keep`.
  std::uint64_t most_besides() const { return 4 * keep_ + (64u << 10); }

 private:
  struct Part {
    std::uint64_t client, number;  ///< the client that printed it, and the number of its block
    std::string bytes;
    std::uint64_t end;  ///< bytes of all parts up to this one, since the log began
    bool goes_on;       ///< the next part is of the same block
  };
  std::uint64_t keep_;
  std::deque<Part> parts_;
  SeqNo last_block_{1};  ///< where the newest block begins
  SeqNo first_{1};
  std::uint64_t total_ = 0;    ///< bytes since the log began
  std::uint64_t dropped_ = 0;  ///< bytes dropped since the log began

  void drop_block();
};

}  // namespace baton::internal::broker
