// Console lines: on their way to the broker, and from there to printers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/entry.hpp"

namespace baton::internal {

/// Flag of a print or line entry: the block continues in the next entry.
inline constexpr std::uint16_t block_goes_on = 1;

/// A block of console lines, or a part of one. A client numbers its blocks from 1 for its whole
/// life, so that a block repeated to another broker can be recognized.
struct PrintBlock {
  std::uint64_t client = 0;  ///< of a line: `instance` in the client's hello; 0: unknown
  std::uint64_t number = 0;
  std::string_view block;
  bool goes_on = false;  ///< continues in the next entry, which has the same number

  bool operator==(const PrintBlock&) const = default;
};
inline constexpr std::size_t print_size = 8;  ///< before the block of a print
inline constexpr std::size_t line_size = 16;  ///< before the block of a line

void append_print(std::string& out, const PrintBlock& printed);  ///< does not encode the client
void append_line(std::string& out, const PrintBlock& printed);
PrintBlock read_print(const Entry& entry);
PrintBlock read_line(const Entry& entry);
void append_dropped(std::string& out, std::uint64_t blocks);
std::uint64_t read_dropped(const Entry& entry);

Refusal check_print(const Entry& entry);
Refusal check_line(const Entry& entry);

}  // namespace baton::internal
