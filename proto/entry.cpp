#include "proto/entry.hpp"

#include "proto/delivery_entries.hpp"
#include "proto/put_entries.hpp"

namespace baton::internal {
Refusal check_entries(MessageType type, std::string_view payload, std::uint16_t count) {
  if (count == 0 || count > max_entries) return Refusal::malformed;
  switch (type) {
    case MessageType::put:
      return check_puts(payload, count);
    case MessageType::deliveries:
      return check_deliveries(payload, count);
    case MessageType::control:
    case MessageType::outcome:
    case MessageType::console:
      return check_each(payload, count, [type](const Entry& entry) {
        const auto* info = find_kind(entry.kind);
        // `a` has no meaning in any of these.
        return info && info->type == type && entry.a == 0 ? info->check(entry) : Refusal::malformed;
      });
    default:
      return Refusal::malformed;
  }
}

void append_entry(std::string& out, const Entry& entry) {
  append_entry_head(out, entry.kind, entry.a, entry.b, entry.payload.size());
  out += entry.payload;
}

void append_block(std::string& out, EntryKind kind, std::string_view block) {
  append_entry(out, {kind, 0, 0, block});
}

}  // namespace baton::internal
