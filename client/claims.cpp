#include "client/claims.hpp"

#include <algorithm>

namespace baton {
namespace {

constexpr std::size_t runs_per_entry = 2048;  // half of pack_bytes

}  // namespace

Claims to_claims(std::vector<ItemId> ids, const std::function<std::uint32_t(ItemId)>& deliveries) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  Claims claims;
  for (const auto id : ids) {
    const auto count = deliveries(id);
    if (!claims.empty() && claims.back().first + claims.back().count == id && claims.back().deliveries == count)
      ++claims.back().count;
    else
      claims.push_back({id, 1, count});
  }
  return claims;
}

std::uint64_t items_in(const Claims& claims) {
  std::uint64_t items = 0;
  for (const auto& claim : claims) items += claim.count;
  return items;
}

bool contains(const Claims& claims, ItemId id) {
  const auto after = std::upper_bound(claims.begin(), claims.end(), id,
                                      [](ItemId item, const Claim& claim) { return item < claim.first; });
  return after != claims.begin() && id.value - std::prev(after)->first.value < std::prev(after)->count;
}

void append_to(StreamSender& stream, const Claims& claims) {
  for (auto at = claims.begin(); at != claims.end();) {
    const auto count = std::min<std::ptrdiff_t>(runs_per_entry, claims.end() - at);
    const Claims some(at, at + count);
    at += count;
    append_claims(stream.block_for(entry_head_size + some.size() * sizeof(Claim)), some);
    stream.appended(0);
  }
}

}  // namespace baton
