#include "broker/console.hpp"

namespace baton::internal::broker {

void ConsoleLog::append(const PrintBlock& printed) {
  auto text = printed.block;
  last_block_ = last() + 1;
  do {
    const auto part = text.substr(0, print_part_bytes);
    text.remove_prefix(part.size());
    total_ += part.size();
    parts_.push_back({printed.client, printed.number, std::string(part), total_, !text.empty()});
  } while (!text.empty());
}

std::uint64_t ConsoleLog::trim(SeqNo not_after) {
  const auto before = first_;
  const auto all = [this] { return total_ - dropped_; };
  const auto besides = [this] { return overhead(parts_.size()); };
  const auto too_many = [&] { return all() > keep_ || besides() > most_besides(); };
  const auto far_too_many = [&] { return all() + besides() > 8 * keep_ + console_beyond; };
  while (first_ < last_block_ && ((too_many() && first_ <= not_after) || far_too_many()))
    drop_block();
  return first_ - before;
}

void ConsoleLog::drop_block() {
  for (bool goes_on = true; goes_on; first_ += 1) {
    goes_on = parts_.front().goes_on;
    dropped_ = parts_.front().end;
    parts_.pop_front();
  }
}

std::uint64_t ConsoleLog::bytes_after(SeqNo number) const {
  if (number >= last()) return 0;
  if (number < first_) return total_ - dropped_;
  return total_ - parts_[number - first_].end;
}

}  // namespace baton::internal::broker
