#include "proto/delivery_entries.hpp"

namespace baton::internal {
namespace {

constexpr std::size_t delivery_size = 16;
constexpr std::size_t unstored_size = 16;
constexpr std::size_t whole_size = 4;  // in a partial one

Refusal check_part(const Entry& entry) {
  if (entry.payload.empty()) return Refusal::malformed;
  return entry.payload.size() > max_body ? Refusal::too_large : Refusal::none;
}

std::uint16_t flags_of(const Entry& delivery) {
  return load<std::uint16_t>(delivery.payload.data() + delivery_flags);
}

Refusal check_delivery_body(const Entry& entry) {
  const auto flags = flags_of(entry);
  if (flags & ~(partial | unstored | next_put)) return Refusal::malformed;
  if ((flags & next_put) && flags != next_put) return Refusal::malformed;
  auto rest = entry.payload.substr(delivery_size);
  if (flags & unstored) {
    if (rest.size() < unstored_size || load<std::uint64_t>(rest.data()) == 0 ||
        load<std::uint64_t>(rest.data() + 8) == 0)
      return Refusal::malformed;
    rest.remove_prefix(unstored_size);
  }
  if (!(flags & partial)) return rest.size() > max_body ? Refusal::too_large : Refusal::none;
  if (rest.size() < whole_size) return Refusal::malformed;
  const auto whole = load<std::uint32_t>(rest.data());
  if (whole > max_body) return Refusal::too_large;
  return whole > rest.size() - whole_size ? Refusal::none : Refusal::malformed;
}

Refusal check_delivery(const Entry& entry) {
  if (entry.kind == EntryKind::empty) return check_size<0>(entry);
  if (entry.kind == EntryKind::part) return check_part(entry);
  if (entry.kind != EntryKind::delivery || entry.payload.size() < delivery_size)
    return Refusal::malformed;
  if (entry.a > max_priority || entry.b == 0) return Refusal::malformed;
  if (const auto id = load<std::uint64_t>(entry.payload.data()); id == 0 || id == UINT64_MAX)
    return Refusal::malformed;
  return check_delivery_body(entry);
}

/// Given two consecutive valid entries: whether the second one refers to the put of the first one,
/// which has none.
bool lacks_put_before(const Entry& entry, const Entry& before) {
  if (entry.kind != EntryKind::delivery || !(flags_of(entry) & next_put)) return false;
  return before.kind != EntryKind::delivery || (flags_of(before) & partial) ||
         flags_of(before) == 0;
}

void append_delivery_fixed(std::string& out, const Delivery& delivery, std::uint16_t flags,
                           std::size_t rest, const PutName& before) {
  const bool follows = flags == 0 && before.producer != 0 && delivery.put == before.next();
  const bool named = delivery.put.producer != 0 && !follows;
  append_entry_head(out, EntryKind::delivery, delivery.priority, delivery.attempt,
                    delivery_size + (named ? unstored_size : 0) + rest);
  char fixed[delivery_size];
  store(fixed, delivery.id.value);
  store(fixed + 8, delivery.queue);
  store(fixed + delivery_flags,
        static_cast<std::uint16_t>(flags | (named ? unstored : 0) | (follows ? next_put : 0)));
  store(fixed + delivery_flags + 2, delivery.deliveries);
  out.append(fixed, sizeof fixed);
  if (!named) return;
  append(out, delivery.put.producer);
  append(out, delivery.put.number.value);
}

}  // namespace

Refusal check_deliveries(std::string_view payload, std::uint16_t count) {
  Entry before;
  return check_each(payload, count, [&before](const Entry& entry) {
    auto refusal = check_delivery(entry);
    if (refusal == Refusal::none && lacks_put_before(entry, before)) refusal = Refusal::malformed;
    before = entry;
    return refusal;
  });
}

void append_delivery(std::string& out, const Delivery& delivery, const PutName& before) {
  if (delivery.whole == 0) {
    append_delivery_fixed(out, delivery, 0, delivery.body.size(), before);
  } else {
    append_delivery_fixed(out, delivery, partial, whole_size + delivery.body.size(), before);
    append(out, delivery.whole);
  }
  out += delivery.body;
}

Delivery read_delivery(const Entry& entry, const PutName& before) {
  const char* at = entry.payload.data();
  Delivery delivery{{load<std::uint64_t>(at)},
                    load<std::uint16_t>(at + 8),
                    entry.b,
                    entry.a,
                    entry.payload.substr(delivery_size)};
  delivery.deliveries = load<std::uint32_t>(at + delivery_flags + 2);
  const auto flags = flags_of(entry);
  if (flags & next_put) delivery.put = before.next();
  if (flags & unstored) {
    delivery.put = {load<std::uint64_t>(delivery.body.data()),
                    {load<std::uint64_t>(delivery.body.data() + 8)}};
    delivery.body.remove_prefix(unstored_size);
  }
  if (!(flags & partial)) return delivery;
  delivery.whole = load<std::uint32_t>(delivery.body.data());
  delivery.body.remove_prefix(whole_size);
  return delivery;
}

}  // namespace baton::internal
