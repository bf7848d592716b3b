#include "proto/stream.hpp"

#include <algorithm>
#include <cassert>

#include "proto/ensure.hpp"

namespace baton::internal {

StreamSender::StreamSender(SeqNo first, std::size_t pack)
    : pack_(pack),
      last_{first.value - 1},
      sent_(last_),
      confirmed_(last_),
      received_(last_),
      credit_(last_) {
  assert(first.value > 0);
}

void StreamSender::set_credit(SeqNo up_to, std::uint64_t window) {
  if (up_to > credit_) credit_ = up_to;  // granted numbers stay granted
  window_ = window;
}

StreamSender::Block& StreamSender::open_block() {
  blocks_.push_back({last_ + 1, 0, 0, 0, {}});
  auto& block = blocks_.back();
  if (!spare_.empty()) {
    block.bytes = std::move(spare_.back());
    spare_.pop_back();
  }
  block.bytes.own().resize(header_size);
  open_ = true;
  return block;
}

std::string& StreamSender::block_for(std::size_t size_hint) {
  if (open_) {
    auto& block = blocks_.back();
    if (block.count + block.unnumbered < int{max_entries} &&
        block.bytes.size() + size_hint <= pack_)
      return block.bytes.own();
  }
  auto& bytes = open_block().bytes.own();
  if (size_hint > pack_) bytes.reserve(header_size + size_hint);
  return bytes;
}

SeqNo StreamSender::appended(std::uint64_t cost) {
  auto& block = blocks_.back();
  ++block.count;
  block.cost += cost;
  unconfirmed_bytes_ += cost;
  last_ += 1;
  return last_;
}

StreamSender::Block* StreamSender::next_to_send(Time now) {
  if (next_block_ == blocks_.size()) return nullptr;
  auto& block = blocks_[next_block_];
  pass();
  if (next_block_ == blocks_.size()) open_ = false;
  moved_ = now;
  mark_delay_ = resend_after;
  sent_ = std::max(sent_, SeqNo{block.end().value - 1});
  return &block;
}

bool StreamSender::confirm(SeqNo number, Time now) {
  if (number <= confirmed_ || number > last_) return false;
  received(number, now);
  confirmed_ = number;
  while (!blocks_.empty() && blocks_.front().end() <= confirmed_ + 1) {
    auto& block = blocks_.front();
    unconfirmed_bytes_ -= block.cost;
    sent_bytes_ -= block.bytes.size();
    if (spare_.size() < 8 && block.bytes.capacity() <= 2 * pack_bytes && block.bytes.alone())
      spare_.push_back(std::move(block.bytes));
    blocks_.pop_front();
    --next_block_;  // received() has passed all of these already
  }
  return true;
}

void StreamSender::received(SeqNo number, Time now) {
  if (number <= received_ || number > last_) return;
  received_ = number;
  sent_ = std::max(sent_, received_);
  moved_ = now;
  mark_delay_ = rewind_delay_ = resend_after;
  rewind_again_ = Time::min();
  pass_received();
}

void StreamSender::pass_received() {
  while (next_block_ < blocks_.size() && blocks_[next_block_].end() <= received_ + 1) pass();
  if (next_block_ == blocks_.size()) open_ = false;
}

bool StreamSender::rewind(Time now) {
  if (!under_way() || now < rewind_again_) return false;
  rewind_again_ = now + rewind_delay_;
  rewind_delay_ = std::min(2 * rewind_delay_, longest_resend_delay);
  moved_ = now;
  next_block_ = sent_bytes_ = 0;
  pass_received();
  return true;
}

void StreamSender::marked(Time now) {
  moved_ = now;
  mark_delay_ = std::clamp(2 * mark_delay_, resend_after, longest_resend_delay);
}

void StreamSender::restart() {
  received_ = sent_ = confirmed_;
  credit_ = last_;  // existing blocks may be sent; further entries need credit of the new session
  window_ = 0;
  next_block_ = sent_bytes_ = 0;
  mark_delay_ = rewind_delay_ = resend_after;
  rewind_again_ = Time::min();
}

std::deque<StreamSender::Block> StreamSender::take_unconfirmed() {
  auto taken = std::move(blocks_);
  *this = StreamSender({1}, pack_);
  return taken;
}

void StreamSender::check_invariants() const {
  SeqNo next = blocks_.empty() ? last_ + 1 : blocks_.front().first;
  ensure(next <= confirmed_ + 1);
  std::uint64_t bytes = 0, sent = 0;
  for (std::size_t i = 0; i < next_block_; ++i) sent += blocks_[i].bytes.size();
  ensure(sent == sent_bytes_);
  for (const auto& block : blocks_) {
    ensure(block.first == next);
    ensure(block.end() > confirmed_ + 1 || block.count == 0);
    next = block.end();
    bytes += block.cost;
  }
  ensure(next == last_ + 1);
  ensure(bytes == unconfirmed_bytes_);
  ensure(confirmed_ <= received_ && received_ <= sent_ && sent_ <= last_);
  ensure(next_block_ <= blocks_.size());
  ensure(next_block_ == blocks_.size() || blocks_[next_block_].end() > received_ + 1);
  ensure(!open_ || next_block_ < blocks_.size());
}

StreamReceiver::Taken StreamReceiver::take(SeqNo first, std::uint32_t count) {
  if (first.value == 0)
    return {Verdict::repeated, count};  // numbers count from 1: nothing in it can be taken
  if (first > expected_) {
    gap_ = true;
    return {Verdict::gap, 0};
  }
  if (first + count <= expected_) return {Verdict::repeated, count};
  const auto skip = static_cast<std::uint32_t>(expected_ - first);
  expected_ = first + count;
  gap_ = false;
  return {Verdict::fresh, skip};
}

/// An existing header is left alone: the bytes may be in transfer.
SharedBytes make_message(StreamSender::Block& block, MessageType type,
                         BrokerInstance broker_instance, const SessionId& session) {
  char header[header_size];
  write_header(header, {type, static_cast<std::uint16_t>(block.count + block.unnumbered),
                        broker_instance, session, block.first});
  const std::string_view now(header, sizeof header);
  if (!block.bytes.view().starts_with(now)) block.bytes.own().replace(0, header_size, now);
  return block.bytes;
}

}  // namespace baton::internal
