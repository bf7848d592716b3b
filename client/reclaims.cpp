#include "client/reclaims.hpp"

#include <algorithm>

namespace baton::internal {
namespace {

constexpr std::size_t entry_bytes = small_pack_bytes / 2;

constexpr std::size_t bytes_of(const Reclaim& reclaim) {
  return reclaim.put.producer == 0 ? 16 : 32;
}

bool goes_on(const Reclaim& reclaim, ItemId id, const GivenMark& mark) {
  const PutName next = reclaim.put.producer == 0
                           ? PutName{}
                           : PutName{reclaim.put.producer, reclaim.put.number + reclaim.count};
  return reclaim.count < UINT32_MAX && reclaim.first + reclaim.count == id &&
         mark == GivenMark{reclaim.deliveries, next};
}

}  // namespace

void add_to(Reclaims& reclaims, ItemId id, const GivenMark& mark) {
  if (!reclaims.empty() && goes_on(reclaims.back(), id, mark))
    ++reclaims.back().count;
  else
    reclaims.push_back({id, 1, mark.deliveries, mark.put});
}

std::uint64_t items_in(const Reclaims& reclaims) {
  std::uint64_t items = 0;
  for (const auto& reclaim : reclaims) items += reclaim.count;
  return items;
}

bool contains(const Reclaims& reclaims, ItemId id) {
  const auto after =
      std::upper_bound(reclaims.begin(), reclaims.end(), id,
                       [](ItemId item, const Reclaim& reclaim) { return item < reclaim.first; });
  return after != reclaims.begin() &&
         id.value - std::prev(after)->first.value < std::prev(after)->count;
}

void append_to(StreamSender& stream, const Reclaims& reclaims) {
  for (auto at = reclaims.begin(); at != reclaims.end();) {
    Reclaims some;
    for (std::size_t bytes = 0; at != reclaims.end() && bytes < entry_bytes; ++at) {
      if (!some.empty() && bytes_of(some.front()) != bytes_of(*at)) break;
      bytes += bytes_of(*at);
      some.push_back(*at);
    }
    append_reclaims(stream.block_for(entry_head_size + some.size() * bytes_of(some.front())), some);
    stream.appended(0);
  }
}

}  // namespace baton::internal
