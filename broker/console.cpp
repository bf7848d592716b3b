#include "broker/console.hpp"

namespace baton::broker {

void ConsoleLog::append(const Said& said) {
  total_ += said.block.size();
  blocks_.push_back({said.client, said.number, std::string(said.block), total_});
}

std::uint64_t ConsoleLog::trim(Number not_after) {
  std::uint64_t dropped = 0;
  const auto all = [this] { return total_ - dropped_; };
  const auto besides = [this] { return overhead(blocks_.size()); };
  const auto too_many = [&] { return all() > keep_ || besides() > most_besides(); };
  const auto far_too_many = [&] { return all() + besides() > 8 * keep_ + console_beyond; };
  while (blocks_.size() > 1 && ((too_many() && first_ <= not_after) || far_too_many())) {
    dropped_ = blocks_.front().end;
    blocks_.pop_front();
    first_ += 1;
    ++dropped;
  }
  return dropped;
}

std::uint64_t ConsoleLog::bytes_after(Number number) const {
  if (number >= last()) return 0;
  if (number < first_) return total_ - dropped_;
  return total_ - blocks_[number - first_].end;
}

}  // namespace baton::broker
