// Acked and released items as runs, until they go into the control stream.
#pragma once

#include <vector>

#include "proto/entry.hpp"
#include "proto/ids.hpp"
#include "proto/limits.hpp"
#include "proto/settlement.hpp"

namespace baton::internal {

class SettledRuns {
 public:
  /// True when it is time to take_out(): one more might not fit into an entry.
  bool add(const Settlement& settlement) {
    return add(settlement.kind == Settlement::Kind::done ? acked_ : released_, settlement.id);
  }

  bool empty() const { return acked_.empty() && released_.empty(); }
  /// Calls append(kind, runs) for each non-empty kind, and clears them.
  template <class Append>
  void take_out(Append append) {
    take_out(EntryKind::ack, acked_, append);
    take_out(EntryKind::release, released_, append);
  }

 private:
  static constexpr std::size_t runs_per_entry = small_pack_bytes / 16;

  static bool add(std::vector<ItemRun>& runs, ItemId id) {
    if (!runs.empty() && runs.back().first + runs.back().count == id)
      ++runs.back().count;
    else
      runs.push_back({id, 1});
    return runs.size() == runs_per_entry || runs.back().count == max_requests;
  }
  template <class Append>
  static void take_out(EntryKind kind, std::vector<ItemRun>& runs, Append& append) {
    if (runs.empty()) return;
    append(kind, runs);
    runs.clear();
  }

  std::vector<ItemRun> acked_, released_;
};

}  // namespace baton::internal
