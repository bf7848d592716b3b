#include "tests/worlds/stream_line.hpp"

namespace baton::internal::test {

using Verdict = StreamReceiver::Verdict;

TEST_CASE("entries arrive in order, packed into one message, and are forgotten when confirmed") {
  Line line;
  line.put_all({"a", "b", "c"});
  CHECK(line.send() == 1);
  CHECK(line.deliver() == Verdict::fresh);
  CHECK(line.got == Texts{"a", "b", "c"});
  CHECK(!line.sender.idle());
  CHECK(line.confirm());
  CHECK(line.sender.idle());
  CHECK(line.sender.unconfirmed_bytes() == 0);
  CHECK(line.sender.mark_at() == never);
}

TEST_CASE("numbers begin where they are told to") {
  Line line({41});
  CHECK(line.put("a") == SeqNo{41});
  line.send();
  line.deliver();
  CHECK(line.receiver.received() == SeqNo{41});
}

TEST_CASE("a block that was sent grows no more") {
  Line line;
  line.put("a");
  line.send();
  line.put("b");
  CHECK(line.send() == 1);
  line.deliver_all();
  CHECK(line.got == Texts{"a", "b"});
}

TEST_CASE("a doubled message is taken once") {
  Line line;
  line.put("a");
  line.send();
  line.repeat();
  CHECK(line.deliver() == Verdict::fresh);
  CHECK(line.deliver() == Verdict::repeated);
  CHECK(line.got == Texts{"a"});
}

TEST_CASE("behind a gap nothing is taken until a rewind fills it") {
  Line line;
  for (const auto* text : {"a", "b", "c"}) {
    line.put(text);
    line.send();
  }
  line.deliver();
  line.lose();
  CHECK(line.deliver() == Verdict::gap);
  CHECK(line.receiver.has_gap());
  CHECK(line.got == Texts{"a"});

  line.received();
  CHECK(line.rewind());
  CHECK(line.send() == 2);  // b and c, not a
  line.deliver_all();
  CHECK(!line.receiver.has_gap());
  CHECK(line.got == Texts{"a", "b", "c"});
}

TEST_CASE("a message that begins with entries that are here is taken from the first new one") {
  Line line;
  line.put_all({"a", "b", "c"});
  line.send();
  line.receiver = StreamReceiver({3});
  CHECK(line.deliver() == Verdict::fresh);
  CHECK(line.got == Texts{"c"});
}

TEST_CASE("a confirmation that falls into a block's middle keeps the block, and what it costs") {
  Line line;
  line.put_all({"aaa", "bb", "c"});
  line.send();
  CHECK(line.confirm({2}));
  CHECK(line.sender.confirmed() == SeqNo{2});
  CHECK(line.sender.unconfirmed_bytes() == 6);
  CHECK(line.rewind());
  CHECK(line.send() == 1);
  CHECK(line.confirm({3}));
  CHECK(line.sender.unconfirmed_bytes() == 0);
}

TEST_CASE(
    "many complaints about one gap cost one repetition, for the same gap again it takes longer and "
    "longer") {
  Line line;
  line.put("a");
  line.send();
  CHECK(line.rewind());
  Duration wait = resend_after;
  for (int i = 0; i < 6; ++i) {
    CAPTURE(i);
    line.send();
    line.advance(wait - 1ms);
    CHECK(!line.rewind());
    line.advance(1ms);
    CHECK(line.rewind());
    wait = std::min(2 * wait, longest_resend_delay);
  }
}

TEST_CASE(
    "a message shares its block's bytes, which are copied only for another header while somebody "
    "holds them") {
  StreamSender sender;
  append_block(sender.block_for(9), EntryKind::print, "a");
  sender.appended(1);
  auto* block = sender.next_to_send({});
  REQUIRE(block);
  const auto first = make_message(*block, MessageType::control, {7}, {});
  const auto again = make_message(*block, MessageType::control, {7}, {});
  CHECK(first.view().data() == again.view().data());
  {
    const auto other = make_message(*block, MessageType::control, {8}, {});
    CHECK(first.view().data() != other.view().data());
    CHECK(first.view() == again.view());
    CHECK(first.view() != other.view());
  }
  const auto* bytes = block->bytes.view().data();
  CHECK(block->bytes.alone());
  CHECK(make_message(*block, MessageType::control, {9}, {}).view().data() == bytes);
}

TEST_CASE("a gap at another number is filled at once") {
  Line line;
  line.put("a");
  line.send();
  line.put("b");
  line.send();
  CHECK(line.rewind());
  line.deliver();
  line.received();
  CHECK(line.rewind());
  CHECK(!line.rewind());
}

TEST_CASE(
    "a mark is due when nothing was sent and nothing moved for a while, again after twice as "
    "long") {
  Line line;
  CHECK(line.sender.mark_at() == never);
  line.put("a");
  CHECK(line.sender.mark_at() == never);  // not sent yet
  line.advance(5s);
  line.send();
  CHECK(line.sender.mark_at() == line.now + resend_after);
  line.advance(600ms);
  line.put("b");
  line.send();
  CHECK(line.sender.mark_at() == line.now + resend_after);
  line.sender.marked(line.now);
  CHECK(line.sender.mark_at() == line.now + 2 * resend_after);
  for (int i = 0; i < 4; ++i) line.sender.marked(line.now);
  CHECK(line.sender.mark_at() == line.now + longest_resend_delay);
  line.sender.mark_soon();
  CHECK(line.sender.mark_at() <= line.now);
  line.sender.marked(line.now);
  CHECK(line.sender.mark_at() == line.now + resend_after);
  line.deliver();
  line.confirm();
  CHECK(line.sender.mark_at() == line.now + resend_after);
  line.deliver();
  line.confirm();
  CHECK(line.sender.mark_at() == never);
  CHECK(!line.rewind());
}

TEST_CASE("what was received is not sent again, but kept until it is confirmed") {
  Line line;
  line.put("a");
  line.send();
  line.put("b");
  line.send();
  line.deliver();
  line.received();
  CHECK(line.sender.unconfirmed_bytes() == 2);
  CHECK(line.rewind());
  CHECK(line.send() == 1);  // b
  line.deliver_all();
  line.received();
  CHECK(!line.rewind());
  CHECK(line.sender.mark_at() == never);
  CHECK(!line.sender.idle());
}

TEST_CASE("a rewind that is overtaken by progress sends no more than is missing") {
  Line line;
  for (const auto* text : {"a", "b", "c"}) {
    line.put(text);
    line.send();
  }
  CHECK(line.rewind());
  line.deliver();
  line.deliver();
  line.received();
  CHECK(line.send() == 1);
  line.deliver_all();
  CHECK(line.got == Texts{"a", "b", "c"});
}

TEST_CASE("on a new session all that is unconfirmed is sent again, with its numbers") {
  Line line;
  line.put_all({"a", "b"});
  line.send();
  line.put("c");
  line.send();
  line.deliver_all();
  line.received();
  line.confirm({1});
  line.sender.restart();  // the broker lost what it had not confirmed
  line.sender.check_invariants();
  line.receiver = StreamReceiver({2});
  line.got = {"a"};
  CHECK(line.send() == 2);
  line.deliver_all();
  CHECK(line.got == Texts{"a", "b", "c"});
  line.confirm();
  CHECK(line.sender.idle());
}

TEST_CASE("after a restart the new session's first word may confirm what the old one got") {
  Line line;
  line.put("a");
  line.send();
  line.put("b");
  line.send();
  line.deliver();
  line.sender.restart();
  CHECK(line.confirm());  // 1: of the old session
  line.lose_all();
  CHECK(line.send() == 1);
  line.deliver();
  CHECK(line.got == Texts{"a", "b"});
}

TEST_CASE("after a restart no new entry is let in before the new session grants it") {
  Line line;
  line.put("a");
  line.sender.restart();
  CHECK(!line.sender.may_append());
  line.sender.set_credit({1}, 100);
  CHECK(!line.sender.may_append());
  line.sender.set_credit({2}, 100);
  CHECK(line.sender.may_append());
}

TEST_CASE("taking what is unconfirmed begins the stream anew") {
  Line line;
  line.put_all({"a", "b"});
  line.send();
  line.confirm({1});
  line.put("c");
  const auto blocks = line.sender.take_unconfirmed();
  line.sender.check_invariants();
  REQUIRE(blocks.size() == 2);
  CHECK(blocks[0].first == SeqNo{1});  // with "a", which was confirmed: the taker skips it
  CHECK(blocks[0].count == 2);
  CHECK(blocks[1].first == SeqNo{3});
  CHECK(line.sender.idle());
  CHECK(line.sender.mark_at() == never);
  CHECK(line.put("d") == SeqNo{1});
}

TEST_CASE("credit and window") {
  struct Row {
    std::uint64_t credit, window;
    std::vector<std::string> put;
    bool may;
  };
  const std::vector<Row> rows{
      {0, 100, {}, false},                // no credit
      {1, 0, {}, false},                  // no window
      {1, 1, {}, true},                   //
      {1, 100, {"a"}, false},             // credit used up
      {2, 100, {"a"}, true},              //
      {9, 3, {"aa"}, true},               // 2 of 3 bytes
      {9, 3, {"aaa"}, false},             // window used up
      {9, 3, {"aa", "aaaaaaaa"}, false},  // the last one went beyond
      {9, 3, {"", "", ""}, true},         // what costs nothing needs no window
  };
  for (const auto& row : rows) {
    CAPTURE(row.credit);
    CAPTURE(row.window);
    Line line;
    line.sender = StreamSender();
    line.sender.set_credit({row.credit}, row.window);
    line.put_all(row.put);
    CHECK(line.sender.may_append() == row.may);
  }
}

TEST_CASE("credit never falls, the window may") {
  StreamSender sender;
  sender.set_credit({10}, 10);
  sender.set_credit({5}, 10);
  for (int i = 0; i < 9; ++i) {
    append_request(sender.block_for(16), {1});
    sender.appended(0);
  }
  CHECK(sender.may_append());
  sender.set_credit({5}, 0);
  CHECK(!sender.may_append());
}

TEST_CASE("confirmations that mean nothing are ignored") {
  Line line;
  line.put_all({"a", "b"});
  line.send();
  line.confirm({1});
  for (const std::uint64_t absurd :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{3}, UINT64_MAX}) {
    CAPTURE(absurd);
    CHECK(!line.confirm({absurd}));
    line.sender.received({absurd}, line.now);
    line.sender.check_invariants();
    CHECK(line.sender.confirmed() == SeqNo{1});
  }
}

TEST_CASE("a block ends at 4096 entries, at 64 KiB, and before an entry that is too long for it") {
  Line line;
  for (std::size_t i = 0; i < max_entries + 1; ++i) line.put("");
  CHECK(line.send() == 2);
  const std::string half(pack_bytes / 2, 'x');
  line.put_all({half, half, half});
  CHECK(line.send() == 3);  // two halves and their heads are too long for one
  const std::string huge(max_print, 'x');
  line.put_all({"a", huge, "b"});
  CHECK(line.send() == 3);
  line.deliver_all();
  CHECK(line.got.size() == max_entries + 1 + 3 + 3);
  CHECK(line.got[line.got.size() - 2] == huge);
  line.confirm();
  CHECK(line.sender.idle());
}

TEST_CASE("a receiver's verdicts") {
  struct Row {
    std::uint64_t first;
    std::uint32_t count;
    Verdict verdict;
    std::uint32_t skip;
  };
  const std::vector<Row> rows{
      {5, 1, Verdict::fresh, 0},        {4, 2, Verdict::fresh, 1},    {1, 9, Verdict::fresh, 4},
      {4, 1, Verdict::repeated, 1},     {1, 4, Verdict::repeated, 4}, {6, 1, Verdict::gap, 0},
      {UINT64_MAX, 9, Verdict::gap, 0}, {0, 9, Verdict::repeated, 9},  // there is no number 0
  };
  for (const auto& row : rows) {
    CAPTURE(row.first);
    StreamReceiver receiver({5});
    const auto taken = receiver.take({row.first}, row.count);
    CHECK(taken.verdict == row.verdict);
    CHECK(taken.skip == row.skip);
    const auto received = row.verdict == Verdict::fresh ? row.first + row.count - 1 : 4;
    CHECK(receiver.received() == SeqNo{received});
    CHECK(receiver.has_gap() == (row.verdict == Verdict::gap));
  }
}

TEST_CASE("a gap is over when something fresh is taken, not before") {
  StreamReceiver receiver;
  receiver.take({1}, 1);
  receiver.note_gap();
  receiver.take({1}, 1);
  CHECK(receiver.has_gap());
  receiver.take({2}, 1);
  CHECK(!receiver.has_gap());
}

}  // namespace baton::internal::test
