#include "proto/put_entries.hpp"

#include <algorithm>
#include <utility>

#include "proto/limits.hpp"

namespace baton::internal {
namespace {

Refusal check_item(const Entry& entry) {
  if (entry.a > max_priority || entry.b > has_delay) return Refusal::malformed;
  const std::size_t fixed = entry.b & has_delay ? 4 : 0;
  if (entry.payload.size() < fixed) return Refusal::malformed;
  return entry.payload.size() - fixed > max_body ? Refusal::too_large : Refusal::none;
}

}  // namespace

Refusal check_puts(std::string_view payload, std::uint16_t count) {
  bool first = true;
  return check_each(payload, count, [&](const Entry& entry) {
    const bool leads = std::exchange(first, false);
    if (entry.kind == EntryKind::item) return check_item(entry);
    // It applies to the items after it.
    if (entry.kind != EntryKind::digest || !leads || count == 1 || entry.a > 1)
      return Refusal::malformed;
    return check_size<checkpoint_size>(entry);
  });
}

void append_item(std::string& out, const PutItem& item) {
  const bool delayed = item.delay_ms != 0;
  append_entry_head(out, EntryKind::item, item.priority, delayed ? has_delay : std::uint16_t{0},
                    item.body.size() + (delayed ? 4 : 0));
  if (delayed) append(out, item.delay_ms);
  out += item.body;
}

PutItem read_item(const Entry& entry) {
  if (!(entry.b & has_delay)) return {entry.a, 0, entry.payload};
  return {entry.a, load<std::uint32_t>(entry.payload.data()), entry.payload.substr(4)};
}

void append_digest(std::string& out, const InputPlace& place) {
  append_entry_head(out, EntryKind::digest, place.is_start ? 1 : 0, 0, checkpoint_size);
  append(out, place.at.items);
  out.append(place.at.digest.begin(), place.at.digest.end());
}

InputPlace read_digest(const Entry& entry) {
  InputPlace place{{load<std::uint64_t>(entry.payload.data()), {}}, entry.a == 1};
  std::copy(entry.payload.begin() + 8, entry.payload.begin() + checkpoint_size,
            place.at.digest.begin());
  return place;
}

void read_put(std::string_view payload, PutItems& put) {
  put.items.clear();
  put.bytes = 0;
  put.place.reset();
  EntryReader in(payload);
  for (Entry entry; in.next(entry);) {
    if (entry.kind == EntryKind::digest) {
      put.place = read_digest(entry);
      continue;
    }
    put.items.push_back(read_item(entry));
    put.bytes += put.items.back().body.size();
  }
}

void rewrite_digest(std::string& message, const InputPlace& place) {
  char* entry = message.data() + header_size;
  if (place.is_start) entry[5] = 1;
  store(entry + entry_head_size, place.at.items);
  std::copy(place.at.digest.begin(), place.at.digest.end(), entry + entry_head_size + 8);
}

}  // namespace baton::internal
