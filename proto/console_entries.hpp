// Console lines: on their way to the broker, and from there to printers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/entry.hpp"

namespace baton::internal {

/// Flag of a print or line entry: the block goes on in the next one.
inline constexpr std::uint16_t block_goes_on = 1;

/// A block of console lines, or a part of one. Who says it numbers its blocks from 1 over its whole
/// life, so that one which is said again to another broker is known again.
struct PrintBlock {
  std::uint64_t client = 0;  ///< of a line: its hello's `instance`; 0: nobody's, or nobody says
  std::uint64_t number = 0;
  std::string_view block;
  bool goes_on = false;  ///< in the next entry, which has the same number

  bool operator==(const PrintBlock&) const = default;
};
inline constexpr std::size_t print_size = 8;  ///< before the block of a print
inline constexpr std::size_t line_size = 16;  ///< before the block of a line

void append_print(std::string& out, const PrintBlock& printed);  ///< the client is not said
void append_line(std::string& out, const PrintBlock& printed);
PrintBlock read_print(const Entry& entry);
PrintBlock read_line(const Entry& entry);
void append_dropped(std::string& out, std::uint64_t blocks);
std::uint64_t read_dropped(const Entry& entry);

Refusal check_print(const Entry& entry);
Refusal check_line(const Entry& entry);

}  // namespace baton::internal
