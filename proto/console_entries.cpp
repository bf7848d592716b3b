#include "proto/console_entries.hpp"

#include "proto/bytes.hpp"
#include "proto/limits.hpp"

namespace baton::internal {
namespace {

/// A block of lines or a part of one, after `fixed` bytes.
Refusal check_block(const Entry& entry, std::size_t fixed) {
  if (entry.payload.size() < fixed || entry.b > block_goes_on) return Refusal::malformed;
  return entry.payload.size() > fixed + max_print ? Refusal::too_large : Refusal::none;
}

}  // namespace

Refusal check_print(const Entry& entry) {
  const auto refusal = check_block(entry, print_size);
  return refusal == Refusal::none && read_print(entry).number == 0 ? Refusal::malformed : refusal;
}

Refusal check_line(const Entry& entry) {
  if (entry.kind == EntryKind::dropped) return check_size<8>(entry);
  return entry.kind == EntryKind::line ? check_block(entry, line_size) : Refusal::malformed;
}

void append_dropped(std::string& out, std::uint64_t blocks) {
  append_entry_head(out, EntryKind::dropped, 0, 0, 8);
  append(out, blocks);
}

void append_print(std::string& out, const PrintBlock& printed) {
  append_entry_head(out, EntryKind::print, 0, printed.goes_on ? block_goes_on : std::uint16_t{0},
                    print_size + printed.block.size());
  append(out, printed.number);
  out += printed.block;
}

void append_line(std::string& out, const PrintBlock& printed) {
  append_entry_head(out, EntryKind::line, 0, printed.goes_on ? block_goes_on : std::uint16_t{0},
                    line_size + printed.block.size());
  append(out, printed.client);
  append(out, printed.number);
  out += printed.block;
}

PrintBlock read_print(const Entry& entry) {
  return {0, load<std::uint64_t>(entry.payload.data()), entry.payload.substr(print_size),
          entry.b == block_goes_on};
}

PrintBlock read_line(const Entry& entry) {
  return {load<std::uint64_t>(entry.payload.data()), load<std::uint64_t>(entry.payload.data() + 8),
          entry.payload.substr(line_size), entry.b == block_goes_on};
}

std::uint64_t read_dropped(const Entry& entry) { return load<std::uint64_t>(entry.payload.data()); }

}  // namespace baton::internal
