#include "proto/control_entries.hpp"

#include "proto/bytes.hpp"
#include "proto/console_entries.hpp"
#include "proto/limits.hpp"

namespace baton::internal {
namespace {

constexpr std::size_t run_size = 12;
constexpr std::size_t reclaim_size = 16;
constexpr std::size_t reclaim_put_size = 32;
constexpr std::uint32_t most_deliveries = 1u << 31;  // in a reclaim: it can be delivered some more
                                                     // times

/// The number of items in the run at the front; 0 if it is invalid.
std::uint32_t take_run(Reader& in) {
  const auto first = in.take<std::uint64_t>();
  const auto count = in.take<std::uint32_t>();
  return first != 0 && first + count >= first ? count : 0;
}

}  // namespace

/// Reclaims are runs, too, each with a delivery count.
Refusal check_reclaims(const Entry& entry) {
  const bool puts = entry.kind == EntryKind::reclaim_put;
  if (entry.payload.empty() ||
      entry.payload.size() % (puts ? reclaim_put_size : reclaim_size) != 0 || entry.b != 0)
    return Refusal::malformed;
  Reader in(entry.payload);
  std::uint64_t total = 0;
  while (in.more()) {
    const auto count = take_run(in);
    const auto deliveries = in.take<std::uint32_t>();
    if (count == 0) return Refusal::malformed;
    if (deliveries == 0 || deliveries > most_deliveries) return Refusal::malformed;
    total += count;
    if (!puts) continue;
    const auto producer = in.take<std::uint64_t>(), number = in.take<std::uint64_t>();
    if (producer == 0 || number == 0 || number + count < number) return Refusal::malformed;
  }
  return total > max_requests ? Refusal::too_large : Refusal::none;
}

/// Requests are counted from 1; a sum that overflows is invalid.
Refusal check_request(const Entry& entry) {
  if (entry.b != 0 || entry.payload.size() != request_size) return Refusal::malformed;
  const auto request = read_request(entry);
  return request.requested() < request.waiting ? Refusal::malformed : Refusal::none;
}

Refusal check_runs(const Entry& entry) {
  if (entry.payload.empty() || entry.payload.size() % run_size != 0 || entry.b != 0)
    return Refusal::malformed;
  Reader in(entry.payload);
  std::uint64_t total = 0;
  while (in.more()) {
    const auto count = take_run(in);
    if (count == 0) return Refusal::malformed;
    total += count;
  }
  return total > max_requests ? Refusal::too_large
                              : Refusal::none;  // no more than a session can hold
}

void append_request(std::string& out, const Request& request) {
  append_entry_head(out, EntryKind::request, 0, 0, request_size);
  append(out, request.waiting);
  append(out, request.ahead);
  append(out, request.begun.value);
  append(out, request.blocked);
}

void append_cancel_requests(std::string& out, std::uint32_t count) {
  append_entry_head(out, EntryKind::cancel_requests, 0, 0, 4);
  append(out, count);
}

void append_runs(std::string& out, EntryKind kind, const std::vector<ItemRun>& runs) {
  append_entry_head(out, kind, 0, 0, runs.size() * run_size);
  for (const auto& run : runs) {
    append(out, run.first.value);
    append(out, run.count);
  }
}

void append_reclaims(std::string& out, const std::vector<Reclaim>& reclaims) {
  const bool puts = reclaims.front().put.producer != 0;
  append_entry_head(out, puts ? EntryKind::reclaim_put : EntryKind::reclaim, 0, 0,
                    reclaims.size() * (puts ? reclaim_put_size : reclaim_size));
  for (const auto& reclaim : reclaims) {
    append(out, reclaim.first.value);
    append(out, reclaim.count);
    append(out, reclaim.deliveries);
    if (!puts) continue;
    append(out, reclaim.put.producer);
    append(out, reclaim.put.number.value);
  }
}

void append_link_lost(std::string& out, const LinkLost& lost) {
  append_entry_head(out, EntryKind::link_lost, 0, 0, link_lost_size);
  append(out, lost.generation);
  append(out, lost.received.value);
  append(out, lost.wanted);
}

void append_flush(std::string& out, SeqNo last_put) {
  append_entry_head(out, EntryKind::flush, 0, 0, 8);
  append(out, last_put.value);
}

void append_close(std::string& out, SeqNo last_put) {
  append_entry_head(out, EntryKind::close, 0, 0, 8);
  append(out, last_put.value);
}

Request read_request(const Entry& entry) {
  Reader in(entry.payload);
  Request request;
  request.waiting = in.take<std::uint64_t>();
  request.ahead = in.take<std::uint64_t>();
  request.begun = {in.take<std::uint64_t>()};
  request.blocked = in.take<std::uint32_t>();
  return request;
}

std::uint32_t read_cancel_requests(const Entry& entry) {
  return load<std::uint32_t>(entry.payload.data());
}

void read_runs(const Entry& entry, std::vector<ItemRun>& runs) {
  runs.clear();
  each_run(entry, [&](const ItemRun& run) {
    runs.push_back(run);
    return true;
  });
}

void read_reclaims(const Entry& entry, std::vector<Reclaim>& reclaims) {
  reclaims.clear();
  Reader in(entry.payload);
  while (in.more()) {
    Reclaim reclaim{{in.take<std::uint64_t>()}, 0, 0, {}};
    reclaim.count = in.take<std::uint32_t>();
    reclaim.deliveries = in.take<std::uint32_t>();
    if (entry.kind == EntryKind::reclaim_put) {
      reclaim.put.producer = in.take<std::uint64_t>();
      reclaim.put.number = {in.take<std::uint64_t>()};
    }
    reclaims.push_back(reclaim);
  }
}

LinkLost read_link_lost(const Entry& entry) {
  const char* at = entry.payload.data();
  return {load<std::uint32_t>(at), {load<std::uint64_t>(at + 4)}, load<std::uint32_t>(at + 12)};
}

SeqNo read_flush(const Entry& entry) { return {load<std::uint64_t>(entry.payload.data())}; }

SeqNo read_close(const Entry& entry) { return {load<std::uint64_t>(entry.payload.data())}; }

}  // namespace baton::internal
