#include "client/claims.hpp"

#include <algorithm>

namespace baton {
namespace {

constexpr std::size_t entry_bytes = small_pack_bytes / 2;

constexpr std::size_t bytes_of(const Claim& claim) { return claim.put.producer == 0 ? 16 : 32; }

bool goes_on(const Claim& claim, ItemId id, const GivenMark& mark) {
  const PutName next = claim.put.producer == 0
                           ? PutName{}
                           : PutName{claim.put.producer, claim.put.number + claim.count};
  return claim.count < UINT32_MAX && claim.first + claim.count == id &&
         mark == GivenMark{claim.deliveries, next};
}

}  // namespace

void add_to(Claims& claims, ItemId id, const GivenMark& mark) {
  if (!claims.empty() && goes_on(claims.back(), id, mark))
    ++claims.back().count;
  else
    claims.push_back({id, 1, mark.deliveries, mark.put});
}

std::uint64_t items_in(const Claims& claims) {
  std::uint64_t items = 0;
  for (const auto& claim : claims) items += claim.count;
  return items;
}

bool contains(const Claims& claims, ItemId id) {
  const auto after =
      std::upper_bound(claims.begin(), claims.end(), id,
                       [](ItemId item, const Claim& claim) { return item < claim.first; });
  return after != claims.begin() &&
         id.value - std::prev(after)->first.value < std::prev(after)->count;
}

void append_to(StreamSender& stream, const Claims& claims) {
  for (auto at = claims.begin(); at != claims.end();) {
    Claims some;
    for (std::size_t bytes = 0; at != claims.end() && bytes < entry_bytes; ++at) {
      if (!some.empty() && bytes_of(some.front()) != bytes_of(*at)) break;
      bytes += bytes_of(*at);
      some.push_back(*at);
    }
    append_claims(stream.block_for(entry_head_size + some.size() * bytes_of(some.front())), some);
    stream.appended(0);
  }
}

}  // namespace baton
