// A sender, a receiver and the line between them, for tests: what happens to each message is the
// test's choice.
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <string>
#include <vector>

#include "proto/stream.hpp"

namespace baton::internal::test {

/// Entries are `say` blocks; the text of each costs its length. Invariants are checked after each
/// step.
class Line {
 public:
  explicit Line(SeqNo first = {1}) : sender(first), receiver(first) {
    sender.set_credit({1'000'000}, 1'000'000);
  }

  SeqNo put(const std::string& text) {
    append_print(sender.block_for(entry_head_size + print_size + text.size()), {0, 1, text});
    const auto number = sender.appended(text.size());
    sender.check_invariants();
    return number;
  }
  void put_all(const std::vector<std::string>& texts) {
    for (const auto& text : texts) put(text);
  }

  /// Puts all that is to be sent on the line. Returns how many messages that is.
  std::size_t send() {
    std::size_t count = 0;
    while (auto* block = sender.next_to_send(now)) {
      wire.emplace_back(make_message(*block, MessageType::control, {7}, {}));
      sender.check_invariants();
      ++count;
    }
    CHECK(!sender.has_unsent());
    return count;
  }

  StreamReceiver::Verdict deliver() {
    const std::string frame = take();
    Header header;
    REQUIRE(read_header(frame, header) == Refusal::none);
    REQUIRE(check_entries(header.type, payload_of(frame), header.count) == Refusal::none);
    const auto taken = receiver.take(header.number, header.count);
    if (taken.verdict != StreamReceiver::Verdict::fresh) return taken.verdict;
    EntryReader in(payload_of(frame));
    Entry entry;
    for (std::uint32_t i = 0; in.next(entry); ++i)
      if (i >= taken.skip) got.emplace_back(read_print(entry).block);
    return taken.verdict;
  }
  /// Behind all that was sent. (As if it went alone: what it overtakes may be sent once more.)
  void mark() {
    if (wire.empty() && sender.sent() > receiver.received()) receiver.note_gap();
    sender.marked(now);
    sender.check_invariants();
  }
  void deliver_all() {
    while (!wire.empty()) deliver();
  }
  void lose() { take(); }
  void lose_all() { wire.clear(); }
  void repeat() { wire.push_front(wire.front()); }

  bool confirm() { return confirm(receiver.received()); }
  bool confirm(SeqNo number) {
    const bool fresh = sender.confirm(number, now);
    sender.check_invariants();
    return fresh;
  }
  void received() {
    sender.received(receiver.received(), now);
    sender.check_invariants();
  }
  bool rewind() {
    const bool done = sender.rewind(now);
    sender.check_invariants();
    return done;
  }
  void advance(Duration time) { now += time; }

  StreamSender sender;
  StreamReceiver receiver;
  Time now{};
  std::deque<std::string> wire;  ///< messages under way, the oldest first
  std::vector<std::string> got;  ///< what the receiver took

 private:
  std::string take() {
    REQUIRE(!wire.empty());
    auto frame = std::move(wire.front());
    wire.pop_front();
    return frame;
  }
};

using Texts = std::vector<std::string>;

}  // namespace baton::internal::test
