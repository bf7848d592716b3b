#include "broker/checkpoints.hpp"

#include <algorithm>

#include "proto/bytes.hpp"

namespace baton::internal::broker {

void Checkpoints::note(const InputPlace& place) {
  if (place.is_start || (!all_.empty() && place.at.items <= all_.back().items)) all_.clear();
  all_.push_back(place.at);
  thin();
}

/// Of three in a row, the middle one is dropped if the oldest is less than four times as far behind
/// as the youngest.
void Checkpoints::thin() {
  if (all_.size() < 3) return;
  const auto behind = [this](const Checkpoint& one) { return all_.back().items - one.items; };
  std::size_t kept = 1;  // the oldest; then towards the youngest
  for (std::size_t i = 1; i + 1 < all_.size(); ++i)
    if (behind(all_[kept - 1]) / 4 >= behind(all_[i + 1])) all_[kept++] = all_[i];
  all_[kept++] = all_.back();
  all_.resize(kept);
  if (all_.size() > max_checkpoints) all_.erase(all_.begin() + 1);
}

std::string to_bytes(const SessionId& run, const Checkpoints& checkpoints, SeqNo began) {
  std::string out(run.view());
  for (const auto& one : checkpoints.all()) {
    append(out, one.items);
    out.append(one.digest.begin(), one.digest.end());
  }
  append(out, began.value);
  return out;
}

void from_bytes(std::string_view bytes, SessionId& run, Checkpoints& checkpoints, SeqNo& began) {
  if (bytes.size() < run.bytes.size()) return;
  const auto behind = (bytes.size() - run.bytes.size()) % checkpoint_size;
  if (behind != 0 && behind != sizeof began.value) return;
  if (behind != 0) began = {Reader(bytes.substr(bytes.size() - behind)).take<std::uint64_t>()};
  Reader in(bytes.substr(0, bytes.size() - behind));
  const auto id = in.take(run.bytes.size());
  std::copy(id.begin(), id.end(), run.bytes.begin());
  while (!in.empty()) {
    Checkpoint one{in.take<std::uint64_t>(), {}};
    const auto digest = in.take(one.digest.size());
    std::copy(digest.begin(), digest.end(), one.digest.begin());
    checkpoints.restore(one);
  }
}

}  // namespace baton::internal::broker
