// The control stream: a client's requests and reclaims, and runs of items. What it settles is in
// settlement.hpp, its console lines are in console_entries.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/entry.hpp"
#include "proto/ids.hpp"
#include "proto/put_entries.hpp"

namespace baton::internal {

/// Items with consecutive ids, and the delivery count of their last delivery.
struct Reclaim {
  ItemId first;
  std::uint32_t count = 0;
  std::uint32_t deliveries = 1;
  /// Of the first item, if they may not have been stored; the puts of the others follow it.
  PutName put = {};

  auto operator<=>(const Reclaim&) const = default;
};

/// "On link `generation` everything up to `received` came in; I want `wanted` items on the next
/// link."
struct LinkLost {
  std::uint32_t generation = 0;
  SeqNo received;
  std::uint32_t wanted = 0;

  bool operator==(const LinkLost&) const = default;
};

/// What a consumer requests, and which of its items have begun.
struct Request {
  /// All requests on this link, in the order in which they are answered: the first `waiting` belong
  /// to gets that took an item or are waiting for one, the `ahead` after them to no get yet. Their
  /// sum never decreases.
  std::uint64_t waiting = 0, ahead = 0;
  SeqNo begun = {};  ///< on this link: every item up to this number was returned to the user
  /// Gets that are waiting now: that many more items begin as soon as they arrive.
  std::uint32_t blocked = 0;

  std::uint64_t requested() const { return waiting + ahead; }
  bool operator==(const Request&) const = default;
};

inline constexpr std::size_t request_size = 28;

void append_request(std::string& out, const Request& request);
void append_cancel_requests(std::string& out, std::uint32_t count);
void append_runs(std::string& out, EntryKind kind,
                 const std::vector<ItemRun>& runs);  ///< ack, release or lost
void append_reclaims(std::string& out,
                     const std::vector<Reclaim>& reclaims);  ///< all with a put, or none
void append_link_lost(std::string& out, const LinkLost& lost);
void append_flush(std::string& out, SeqNo last_put);
void append_close(std::string& out, SeqNo last_put);

Request read_request(const Entry& entry);
std::uint32_t read_cancel_requests(const Entry& entry);
void read_runs(const Entry& entry, std::vector<ItemRun>& runs);          ///< replaces `runs`
void read_reclaims(const Entry& entry, std::vector<Reclaim>& reclaims);  ///< replaces `reclaims`
LinkLost read_link_lost(const Entry& entry);
SeqNo read_flush(const Entry& entry);
SeqNo read_close(const Entry& entry);

/// Calls each(ItemRun) for the runs of an entry, until it returns false.
template <class Each>
void each_run(const Entry& entry, Each each) {
  Reader in(entry.payload);
  while (in.more()) {
    const ItemId first{in.take<std::uint64_t>()};
    if (!each(ItemRun{first, in.take<std::uint32_t>()})) return;
  }
}

Refusal check_request(const Entry& entry);
Refusal check_reclaims(const Entry& entry);
inline constexpr std::size_t link_lost_size = 16;
Refusal check_runs(const Entry& entry);

}  // namespace baton::internal
