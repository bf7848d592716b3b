#include "proto/entry.hpp"

#include "proto/console_entries.hpp"
#include "proto/control_entries.hpp"
#include "proto/delivery_entries.hpp"
#include "proto/put_entries.hpp"

namespace baton::internal {
namespace {

Refusal check_outcome(const Entry& entry) {
  if (entry.kind == EntryKind::lost) return check_runs(entry);
  return entry.kind == EntryKind::died || entry.kind == EntryKind::result ? Refusal::none
                                                                          : Refusal::malformed;
}

}  // namespace

Refusal check_entries(MessageType type, std::string_view payload, std::uint16_t count) {
  if (count == 0 || count > max_entries) return Refusal::malformed;
  switch (type) {
    case MessageType::put:
      return check_puts(payload, count);
    case MessageType::control:
      return check_each(payload, count, check_control);
    case MessageType::deliveries:
      return check_deliveries(payload, count);
    case MessageType::outcome:
      return check_each(payload, count, check_outcome);
    case MessageType::console:
      return check_each(payload, count, check_line);
    default:
      return Refusal::malformed;
  }
}

void append_block(std::string& out, EntryKind kind, std::string_view block) {
  append_entry_head(out, kind, 0, 0, block.size());
  out += block;
}

}  // namespace baton::internal
