#include "client/lookout.hpp"

#include <utility>

namespace baton::internal {

void Lookout::opened(const std::string& address, Time now) {
  address_ = address;
  if (!std::exchange(ever_opened_, true)) look_at_ = now + first_after;
}

void Lookout::heard(Time now) {
  look_at_ = now + silent_after;
  stale_ = true;
  found_.clear();
}

bool Lookout::follow(Time now) {
  if (const auto found = look_.busy() ? look_.take() : std::nullopt) {
    look_at_ = now + again_after;
    if (!stale_) found_ = *found;
    return true;
  }
  if (now < next()) return false;
  stale_ = false;
  look_.begin([broker = broker_, address = address_] {
    return meaning_of(look_at_endpoints(address, broker.port), broker, address);
  });
  return false;
}

}  // namespace baton::internal
