// What the holder of an item says became of it: the entries ack, fail and release.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/control_entries.hpp"
#include "proto/entry.hpp"
#include "proto/ids.hpp"

namespace baton::internal {

inline constexpr std::uint16_t has_result = 1;  ///< flag of an ack entry; reserved

struct Settlement {
  enum class Kind : std::uint8_t { done, failed, released };
  Kind kind = Kind::done;
  ItemId id;
  std::string_view reason = {};  ///< of a failure; UTF-8
  std::uint32_t delay_ms = 0;    ///< after a failure

  /// The delay is clamped to 0 .. 49 days.
  static Settlement failed(ItemId id, std::string_view reason, std::chrono::milliseconds delay);

  /// Whether it is sent together with others of its kind, as runs (append_runs). Otherwise it is an
  /// entry of its own (append_settlement).
  bool goes_in_runs() const { return kind != Kind::failed; }
  bool operator==(const Settlement&) const = default;
};

/// Whether entries of this kind are settlements.
inline bool settles(EntryKind kind) {
  return kind == EntryKind::ack || kind == EntryKind::fail || kind == EntryKind::release;
}

/// The largest size of the entry.
std::size_t entry_size(const Settlement& settlement);
/// The reason is cut to max_reason bytes.
void append_settlement(std::string& out, const Settlement& settlement);
/// Of an entry with one settlement that does not go in runs.
Settlement read_settlement(const Entry& entry);
Refusal check_fail(const Entry& entry);

/// Calls each(Settlement) for every item that an entry settles, until it returns false.
template <class Each>
void each_settlement(const Entry& entry, Each each) {
  using Kind = Settlement::Kind;
  if (entry.kind == EntryKind::fail) {
    each(read_settlement(entry));
    return;
  }
  const auto kind = entry.kind == EntryKind::ack ? Kind::done : Kind::released;
  each_run(entry, [&](const ItemRun& run) {
    for (std::uint32_t i = 0; i < run.count; ++i)
      if (!each(Settlement{kind, run.first + i})) return false;
    return true;
  });
}

}  // namespace baton::internal
