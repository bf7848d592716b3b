#include "client/address_choice.hpp"

#include <algorithm>
#include <utility>

namespace baton::internal {
namespace {

/// The next address after `last`, cyclically, that is not `silent`; `silent` itself if it is the
/// only one.
const std::string& in_turn(const std::vector<std::string>& addresses, const std::string& last,
                           const std::string& silent) {
  const auto found = std::find(addresses.begin(), addresses.end(), last);
  auto at = found == addresses.end() ? 0 : static_cast<std::size_t>(found - addresses.begin()) + 1;
  for (std::size_t looks = 0; looks < addresses.size(); ++looks, ++at)
    if (const auto& address = addresses[at % addresses.size()]; address != silent) return address;
  return addresses.front();
}

}  // namespace

void AddressChoice::answered() {
  heard_ = true;
  answered_ = current_;
}

const std::string& AddressChoice::next(const std::vector<std::string>& addresses) {
  const bool heard = std::exchange(heard_, false);
  if (addresses.empty()) {
    current_.clear();
    return current_;
  }
  const bool known = std::find(addresses.begin(), addresses.end(), answered_) != addresses.end();
  if (known && (heard || current_ != answered_)) return current_ = answered_;
  tried_ = in_turn(addresses, tried_, answered_);
  return current_ = tried_;
}

}  // namespace baton::internal
