// Streams: numbered messages that arrive in order, each once, over connections that may lose them.
//
// The one mechanism behind the put stream and the control stream (client to broker) and the outcome
// stream (broker to producer). Entries are numbered from 1 and packed into blocks; a block is one
// message. The receiver takes the next number only, and says cumulatively how far it is; the sender
// keeps blocks until they are confirmed, and sends again from the first unconfirmed one when told
// of a gap: go-back-N, with entries for the unit. Nothing is sent again for the time that it takes:
// a large entry may be under way for long. A gap at the end shows by what is sent behind it, a
// mark.
//
// Pure: no socket, no clock. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "proto/message.hpp"
#include "proto/shared_bytes.hpp"

namespace baton::internal {

/// The sending half.
///
/// Invariants:
/// 1. confirmed <= received <= sent <= last.
/// 2. The blocks hold exactly the entries confirmed+1 .. last, in order, without a gap (the first
/// block may also hold
///    confirmed entries, when a confirmation fell into its middle).
/// 3. Entries are appended within credit only, so whatever is in a block may be sent.
/// 4. The block to be sent next, if any, holds an entry that was not received. Only a block that
/// was never sent grows.
class StreamSender {
 public:
  /// `first` is the number of the first entry to come; a message has `pack` bytes, unless one entry
  /// takes more.
  explicit StreamSender(SeqNo first = {1}, std::size_t pack = pack_bytes);

  /// How far the receiver lets the stream run: up to number `up_to`, and while fewer than `window`
  /// bytes of what costs are unconfirmed. The last entry may go beyond `window`, so any size gets
  /// through a window that is not 0.
  void set_credit(SeqNo up_to, std::uint64_t window);
  bool may_append() const { return last_ < credit_ && unconfirmed_bytes_ < window_; }

  /// The buffer of the block that is being packed; the caller appends ONE entry to it and calls
  /// appended(). `size_hint` (bytes) begins a new block where the entry would make this one too
  /// long.
  std::string& block_for(std::size_t size_hint);
  /// Gives the entry just appended its number. `cost` bytes count against the window until it is
  /// confirmed.
  SeqNo appended(std::uint64_t cost);

  /// Instead of appended(): the entry takes no number. An item follows it in the same block.
  void appended_unnumbered() { ++blocks_.back().unnumbered; }
  /// What is appended next begins a block.
  void close_block() { open_ = false; }

  /// The next message to send, or nullptr. Its header goes to the first header_size bytes
  /// (make_message). It stays owned by the stream, valid until the next call of a method.
  struct Block {
    SeqNo first;
    std::uint16_t count = 0;
    std::uint16_t unnumbered = 0;  ///< further entries, which take no number
    std::uint64_t cost = 0;
    SharedBytes bytes;                           ///< header_size bytes of room, then the entries
    SeqNo end() const { return first + count; }  ///< one past its last entry
  };
  Block* next_to_send(Time now);

  /// The receiver has everything up to `number` for good: it is forgotten here. Anything absurd
  /// (beyond what was appended) is ignored. Returns whether it was news.
  bool confirm(SeqNo number, Time now);
  /// The receiver has everything up to `number`, but may still lose it: no need to send it again
  /// for now.
  void received(SeqNo number, Time now);

  /// Sends again from the first entry that was not received. At once for each such number, but for
  /// the same number again only after resend_after, then twice as long, ... up to
  /// longest_resend_delay: many complaints about one gap cost one repetition, and a large entry on
  /// a slow line is not buried under its own copies. Returns whether it was done.
  bool rewind(Time now);
  /// When to send a mark behind what is under way, which shows the receiver a gap at the end: when
  /// nothing was sent or received for resend_after, then for twice as long, ... `never` when
  /// nothing is under way.
  Time mark_at() const { return under_way() ? moved_ + mark_delay_ : never; }
  void marked(Time now);
  /// All connections are new: a mark is to be sent at once.
  void mark_soon() { moved_ = Time::min(), mark_delay_ = {}; }
  /// All unconfirmed entries are to be sent as new: on a new session.
  void restart();
  /// Gives back the memory of what is confirmed: nothing is appended for a while.
  void release_spare() { spare_ = {}; }

  bool idle() const { return confirmed_ == last_; }  ///< everything appended is confirmed
  bool has_unsent() const {
    return next_block_ < blocks_.size();
  }  ///< next_to_send() has something to give
  SeqNo last() const { return last_; }
  SeqNo sent() const { return sent_; }
  SeqNo confirmed() const { return confirmed_; }
  std::uint64_t unconfirmed_bytes() const { return unconfirmed_bytes_; }
  /// Bytes of the messages that were sent and are not confirmed.
  std::uint64_t sent_bytes() const { return sent_bytes_; }

  /// Takes all unconfirmed blocks away and begins again at number 1 (a new session's control
  /// stream). The caller appends again what is still to be said.
  std::deque<Block> take_unconfirmed();
  const std::deque<Block>& blocks() const { return blocks_; }

  void check_invariants() const;

 private:
  Block& open_block();
  bool under_way() const { return received_ < sent_; }
  void pass_received();
  void pass() { sent_bytes_ += blocks_[next_block_++].bytes.size(); }

  std::size_t pack_;
  std::deque<Block> blocks_;
  std::vector<SharedBytes> spare_;  // buffers of confirmed blocks, for the next ones
  std::size_t next_block_ = 0;      // index of the first block that is to be sent
  bool open_ = false;               // the last block may still be appended to
  SeqNo last_, sent_, confirmed_, received_;
  SeqNo credit_;
  std::uint64_t window_ = 0;
  std::uint64_t unconfirmed_bytes_ = 0;
  std::uint64_t sent_bytes_ = 0;          // of the blocks before next_block_
  Duration rewind_delay_ = resend_after;  // how long the next rewind will last for
  Time rewind_again_ = Time::min();       // not earlier, unless the receiver moves on
  Time moved_ = Time::min();              // when something was sent, or the receiver moved on
  Duration mark_delay_ = resend_after;
};

/// The receiving half.
class StreamReceiver {
 public:
  explicit StreamReceiver(SeqNo first = {1}) : expected_(first) {}

  enum class Verdict : std::uint8_t {
    fresh,     ///< take the entries after the first `skip`
    repeated,  ///< all of it was here before: confirm again
    gap,       ///< something before it is missing: ask for a rewind
  };
  struct Taken {
    Verdict verdict;
    std::uint32_t skip;
  };
  /// A message of `count` entries, the first of which has number `first`.
  Taken take(SeqNo first, std::uint32_t count);

  SeqNo received() const { return {expected_.value - 1}; }
  /// Whether a rewind should be asked for; taking something fresh clears it.
  bool has_gap() const { return gap_; }
  void note_gap() { gap_ = true; }

 private:
  SeqNo expected_;
  bool gap_ = false;
};

/// Completes a block to a message: writes the header into its room. Returns the message, which
/// shares the block's bytes.
SharedBytes make_message(StreamSender::Block& block, MessageType type,
                         BrokerInstance broker_instance, const SessionId& session);

}  // namespace baton::internal
