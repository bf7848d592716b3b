// Streams: numbered messages that arrive in order, each once, over connections that may lose them.
//
// The one mechanism of the put stream and the control stream (client to broker) and the feed
// (broker to client). Entries are numbered from 1 and packed into blocks; a block is one message.
// The receiver takes only the next number, and acknowledges cumulatively. The sender keeps blocks
// until they are confirmed, and when told of a gap it resends from the first entry not received:
// go-back-N, in units of entries. Elapsed time alone causes no resending, since a large entry may
// take long. A gap at the end is revealed by what is sent after it, a mark.
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
///    block may also hold confirmed entries, if a confirmation ended within it).
/// 3. Entries are appended within credit only, so every block may be sent.
/// 4. The next block to send, if any, holds an entry that was not received. Only a block that was
///    never sent grows.
class StreamSender {
 public:
  /// `first` is the number of the first entry to come; a message has at most `pack` bytes, unless a
  /// single entry is larger.
  explicit StreamSender(SeqNo first = {1}, std::size_t pack = pack_bytes);

  /// How far the stream may run: up to number `up_to`, and while fewer than `window` bytes of cost
  /// are unconfirmed. The last entry may exceed `window`, so any size gets through a window that is
  /// not 0.
  void set_credit(SeqNo up_to, std::uint64_t window);
  bool may_append() const { return last_ < credit_ && unconfirmed_bytes_ < window_; }

  /// The buffer of the block being packed; the caller appends ONE entry to it and calls appended().
  /// Starts a new block if an entry of `size_hint` bytes would make this one too long.
  std::string& block_for(std::size_t size_hint);
  /// Numbers the entry just appended. `cost` bytes count against the window until it is confirmed.
  SeqNo appended(std::uint64_t cost);

  /// Instead of appended(): the entry gets no number. An item must follow it in the same block.
  void appended_unnumbered() { ++blocks_.back().unnumbered; }
  /// The next entry begins a block.
  void close_block() { open_ = false; }

  /// The next message to send, or nullptr. Its header goes into the first header_size bytes
  /// (make_message). It is owned by the stream, and valid until the next call.
  struct Block {
    SeqNo first;
    std::uint16_t count = 0;
    std::uint16_t unnumbered = 0;  ///< further entries, without a number
    std::uint64_t cost = 0;
    SharedBytes bytes;                           ///< header_size bytes of room, then the entries
    SeqNo end() const { return first + count; }  ///< one past its last entry
  };
  Block* next_to_send(Time now);

  /// The receiver has everything up to `number` for good: it is dropped here. Impossible numbers
  /// (beyond the last entry) are ignored. Returns whether it was news.
  bool confirm(SeqNo number, Time now);
  /// The receiver has everything up to `number`, but may still lose it: no need to resend it for
  /// now.
  void received(SeqNo number, Time now);

  /// Resends from the first entry not received. At once for each such number, but for the same
  /// number again only after resend_after, then after twice as long, ... up to
  /// longest_resend_delay: many complaints about one gap cause one repetition, and a large entry on
  /// a slow line is not buried under its own copies. Returns whether it was done.
  bool rewind(Time now);
  /// When to send a mark after what is under way, which reveals a gap at the end: when nothing was
  /// sent or received for resend_after, then for twice as long, ... `never` if nothing is under
  /// way.
  Time mark_at() const { return under_way() ? moved_ + mark_delay_ : never; }
  void marked(Time now);
  /// All connections are new: send a mark at once.
  void mark_soon() { moved_ = Time::min(), mark_delay_ = {}; }
  /// Resends all unconfirmed entries as new ones, in a new session.
  void restart();
  /// Frees the memory of confirmed blocks: nothing will be appended for a while.
  void release_spare() { spare_ = {}; }

  bool idle() const { return confirmed_ == last_; }  ///< everything appended is confirmed
  /// next_to_send() has something to give.
  bool has_unsent() const { return next_block_ < blocks_.size(); }
  SeqNo last() const { return last_; }
  SeqNo sent() const { return sent_; }
  SeqNo confirmed() const { return confirmed_; }
  std::uint64_t unconfirmed() const { return last_ - confirmed_; }  ///< entries
  std::uint64_t unconfirmed_bytes() const { return unconfirmed_bytes_; }
  /// Bytes of messages that were sent and are not confirmed.
  std::uint64_t sent_bytes() const { return sent_bytes_; }

  /// Removes and returns all unconfirmed blocks, and restarts at number 1 (for a new session's
  /// control stream). The caller appends again what still applies.
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
  std::size_t next_block_ = 0;      // index of the first block to send
  bool open_ = false;               // the last block can take more entries
  SeqNo last_, sent_, confirmed_, received_;
  SeqNo credit_;
  std::uint64_t window_ = 0;
  std::uint64_t unconfirmed_bytes_ = 0;
  std::uint64_t sent_bytes_ = 0;          // of the blocks before next_block_
  Duration rewind_delay_ = resend_after;  // how long the next rewind will last
  Time rewind_again_ = Time::min();       // no rewind before this time, unless the receiver makes
                                          // progress
  Time moved_ = Time::min();              // when something was sent, or the receiver made progress
  Duration mark_delay_ = resend_after;
};

/// The receiving half.
class StreamReceiver {
 public:
  explicit StreamReceiver(SeqNo first = {1}) : expected_(first) {}

  enum class Verdict : std::uint8_t {
    fresh,     ///< take the entries after the first `skip`
    repeated,  ///< everything in it was received before: confirm again
    gap,       ///< something before it is missing: request a rewind
  };
  struct Taken {
    Verdict verdict;
    std::uint32_t skip;
  };
  /// A message of `count` entries, starting with number `first`.
  Taken take(SeqNo first, std::uint32_t count);

  SeqNo received() const { return {expected_.value - 1}; }
  /// Whether to request a rewind; receiving something fresh clears it.
  bool has_gap() const { return gap_; }
  void note_gap() { gap_ = true; }

 private:
  SeqNo expected_;
  bool gap_ = false;
};

/// Completes a block to a message: writes the header into its reserved bytes. The message shares
/// the block's bytes.
SharedBytes make_message(StreamSender::Block& block, MessageType type,
                         BrokerInstance broker_instance, const SessionId& session);

}  // namespace baton::internal
