#include "proto/settlement.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

#include "proto/greeting.hpp"
#include "proto/limits.hpp"

namespace baton::internal {
namespace {

constexpr std::size_t fail_size = 12;  // before the reason

}  // namespace

Settlement Settlement::failed(ItemId id, std::string_view reason, std::chrono::milliseconds delay) {
  constexpr std::chrono::milliseconds longest(std::numeric_limits<std::uint32_t>::max());
  const auto clamped = std::clamp(delay, std::chrono::milliseconds(0), longest);
  return {Kind::failed, id, reason, static_cast<std::uint32_t>(clamped.count())};
}

std::size_t entry_size(const Settlement& settlement) {
  return entry_head_size + fail_size + std::min(settlement.reason.size(), max_reason);
}

void append_settlement(std::string& out, const Settlement& settlement) {
  assert(!settlement.goes_in_runs());
  const auto reason = cut_utf8(settlement.reason, max_reason);
  append_entry_head(out, EntryKind::fail, 0, 0, fail_size + reason.size());
  append(out, settlement.id.value);
  append(out, settlement.delay_ms);
  out += reason;
}

Settlement read_settlement(const Entry& entry) {
  const char* at = entry.payload.data();
  return {Settlement::Kind::failed,
          {load<std::uint64_t>(at)},
          entry.payload.substr(fail_size),
          load<std::uint32_t>(at + 8)};
}

Refusal check_fail(const Entry& entry) {
  if (entry.b != 0 || entry.payload.size() < fail_size) return Refusal::malformed;
  return entry.payload.size() > fail_size + max_reason ? Refusal::too_large : Refusal::none;
}

}  // namespace baton::internal
