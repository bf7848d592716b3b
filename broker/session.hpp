// What the broker knows of one client: its session, and of a producer what outlives the session.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "broker/checkpoints.hpp"
#include "broker/holders.hpp"
#include "broker/queue.hpp"
#include "broker/storage.hpp"
#include "proto/greeting.hpp"
#include "proto/ids.hpp"
#include "proto/limits.hpp"
#include "proto/message.hpp"
#include "proto/stream.hpp"

namespace baton::internal::broker {

/// What is known of the input of a producer's process, and of what it put to earlier brokers.
struct ProducerInput {
  SessionId run;              ///< the process that was welcomed last
  SeqNo began;                ///< its own puts are above this; 0: not known
  Checkpoints checkpoints;    ///< of what was put of its input; kept with its numbers
  SeqNo sent_before;          ///< what it may have put to a broker before this one
  std::uint64_t unknown = 0;  ///< of what was confirmed to it: Welcome::put_unknown
};

/// What became of a producer's items, and how far a crash does not change it.
struct ProducerCounts {
  struct Counts {
    std::uint64_t done = 0;
    std::uint64_t dead = 0;
    bool operator==(const Counts&) const = default;
  };
  std::uint64_t accepted = 0;  ///< items, in all
  std::uint64_t done = 0;
  std::uint64_t dead = 0;
  Counts durable;         ///< of these, what outlives a crash: this is what its session is told
  Counts writing;         ///< as they were in the turn `writing_in`, which is being written
  Ticket writing_in = 0;  ///< 0: none
  bool unstored = false;  ///< among ProducerTable's producers whose counts are not all kept yet
  std::uint64_t dead_letters = 0;  ///< of its dead items, those that are kept

  Counts now() const { return {done, dead}; }
  bool settled() const { return done + dead == accepted; }
};

/// A producer by its name: its numbers and counts go on over sessions.
struct Producer {
  std::string name;  ///< empty: the plain endpoint `in`
  std::uint32_t index = 0;
  std::uint64_t serial = 0;  ///< tells it from others that had the same index
  /// The user gave the name, so it is remembered when all its items are settled.
  bool named = false;
  bool ever_put = false;  ///< else there is nothing to remember of it, named or not
  std::uint64_t key = 0;  ///< of its puts, over brokers; 0: they are not put again
  StreamReceiver put;
  SeqNo confirmed;  ///< of the put stream: kept by the storage
  /// Of bodies: what its put stream has brought since this broker began.
  std::uint64_t put_bytes = 0;
  std::uint64_t confirmed_bytes = 0;  ///< of these, up to `confirmed`
  ProducerInput input;
  ProducerCounts counts;
  StreamSender outcomes;       ///< to its session: the notices of its dead items
  std::uint64_t away = 0;      ///< its place among those that are (DeadNotices); 0: it has none
  Session* session = nullptr;  ///< the one that puts under this name now
  /// Its last session ended as it wished: it will not come back for its numbers.
  bool closed = false;
  Time lost_at = never;  ///< when its last session ended
  bool changed = false;  ///< among ProducerTable's producers that the storage is to be told of

  /// Nothing that is kept names it, and nobody will ask for its numbers, unless it was lost and
  /// comes back.
  bool may_be_forgotten() const {
    return !session && (!named || !ever_put) && counts.settled() && counts.dead_letters == 0;
  }
};

/// The console lines of a session.
struct PrintState {
  std::uint64_t bytes = 0;                    ///< of its blocks
  std::uint64_t confirmed = 0;                ///< of these, up to control_confirmed
  std::uint64_t credit = print_window_bytes;  ///< as byte_credit, for blocks; what an earlier
                                              ///< session said may come again
  /// Of which the last part is not here yet.
  struct Block {
    std::string bytes;
    std::uint64_t number = 0;  ///< which of its blocks that is
    SeqNo begun;               ///< its first part's number in the control stream; 0: there is none
    bool is_open() const { return begun != SeqNo{}; }
  };
  Block block;

  Refusal refuses(const PrintBlock& printed) const {
    if (!block.is_open() && bytes >= credit) return Refusal::over_credit;
    if (block.is_open() && printed.number != block.number) return Refusal::malformed;
    return block.bytes.size() + printed.block.size() > max_print ? Refusal::too_large
                                                                 : Refusal::none;
  }
};

/// What a consumer's session reclaims of the items that its client was given before.
struct SessionReclaims {
  std::uint64_t left = 0;  ///< that its hello announced, and that have not come in yet
  bool restored = false;   ///< its client was a client of the broker before this one
  std::uint32_t of = 0;    ///< the serial of the session before it, which ended here; 0: none did
  std::string mark;        ///< as in the history of the items that that one lost
  std::vector<PutName> puts;           ///< of what was not here when it was reclaimed
  std::uint64_t unstored_settles = 0;  ///< what it has settled of that: not confirmed ...
  SeqNo unconfirmable;  ///< ... from this number of its control stream on; 0: nothing
};

/// What only a consumer's session has.
struct ConsumerState {
  SessionReclaims reclaims;
  StreamSender feed;           ///< what of it is reclaimed in vain
  std::size_t next_queue = 0;  ///< where the next look for a ready item begins: queues take turns
  bool waiting = false;        ///< it stands in the waiting lists of its queues
  /// On this link, as far as it is heard: who holds max_asks items gets no more.
  std::uint64_t requested = 0;
  std::uint64_t requested_in_all = 0;  ///< on this link, heard or not yet
  std::uint64_t answered = 0;          ///< on this link, by an item or `empty`
  std::uint32_t wants() const { return static_cast<std::uint32_t>(requested - answered); }
  std::uint32_t link_generation = 0;
  std::uint64_t wanted = 0;  ///< while no link can be opened: what is asked for on the next
  std::uint32_t links_unreached = 0;  ///< links to which it never came
  std::uint16_t link_port = 0;        ///< 0 while the link is not open
  /// Delivery count when this link was opened: link number = count - link_base.
  std::uint64_t link_base = 0;
  /// Deliveries and `empty`s in all; from 1, so that there is one before the first link.
  std::uint64_t delivered_count = 1;
  struct Delivered {
    std::uint64_t
        count;  ///< valid while the item is held by this session with the same `delivered`
    ItemId id;
  };
  std::deque<Delivered>
      delivered;  ///< every item held is here once; others are swept out now and then
  std::uint64_t held = 0;
  /// What of that was begun: returned to the user, as far as it was told, or sure to be as soon as
  /// it arrived. A delivery count; and the most gets that ever waited at the same time, so many may
  /// have begun one more since.
  std::uint64_t begun = 0;
  std::uint32_t most_waiting = 1;
  void note_begun(SeqNo number, std::uint32_t gets) {
    most_waiting = std::max(most_waiting, std::min(gets, max_requests));
    if (number <= link_sent() && number.value + gets > 0)
      begun = std::max(begun, link_base + number.value + std::min(gets, max_requests));
  }
  std::shared_ptr<HolderProcess> process;  ///< since it is established
  /// Index of the link message that may still be packed in this turn.
  std::size_t open_message = SIZE_MAX;
  SeqNo link_sent() const { return {delivered_count - link_base}; }
  /// What is on its link, in bytes (DeliveryFlow).
  struct Flow {
    struct Mark {
      std::uint64_t end;  ///< delivery count of its last entry
      std::uint64_t bytes;
    };
    std::deque<Mark> under_way;  ///< sent and not known to have arrived, the oldest first
    std::uint64_t bytes = 0;     ///< the sum of their bytes
    /// A body in parts that is not known to have arrived whole.
    struct Large {
      ItemId id;
      std::uint64_t delivered;  ///< delivery count of its `given`
      std::uint64_t end;  ///< ... of its last part; 0 while that is not sent: the last of them only
    };
    std::vector<Large> large;
    std::uint64_t sent = 0;   ///< bytes of the last of these
    std::uint32_t check = 0;  ///< Storage::part's
    bool full = false;        ///< it asks, and waits until its link has room

    /// Whether so many bytes arrived within so long, when that was measured last.
    struct Pace {
      std::uint64_t arrived = 0;
      Time since = Time::min();
      bool kept = false;
      void measure(std::uint64_t more, std::uint64_t enough, Duration within, Time now) {
        arrived += more;
        if (arrived < enough) return;
        kept = since >= now - within;
        since = now;
        arrived = 0;
      }
    };
    std::uint64_t arrived = 0;  ///< bytes, not measured yet
    Pace steady, fast;
  };
  Flow flow;
};

/// What only a producer's session has: how far it may put.
struct PutState {
  SeqNo credit;  ///< of the put stream
  /// Of the put stream: an item may begin before Producer::put_bytes is that much. The most that
  /// any confirm has granted: what was granted stays granted.
  std::uint64_t byte_credit = 0;
  SeqNo resend_until;  ///< up to here it may send again what it put under an earlier session ...
  std::uint64_t resend_bytes = 0;  ///< ... and as far as this, if there is room
  bool window_shut = false;        ///< it was last seen with a window of no bytes
  bool joining = false;            ///< wants to know at once when all its items are settled
};

/// What only a printer's session has (ConsoleFeed).
struct PrinterState {
  SeqNo printed, sent;  ///< of the console log
  Time rewind_again{};  ///< not earlier, unless it goes on
  Time printed_at{};    ///< when `printed` last rose, or nothing was under way
};

struct Session {
  enum class State : std::uint8_t {
    pending,      ///< its hello is here, its subscription is not
    established,  ///< welcomed
    ended,        ///< closed, was lost or cut off: gone at the end of the turn
  };

  SessionId id;
  State state = State::pending;
  Hello hello;
  StreamReceiver control;
  SeqNo control_confirmed;  ///< of the control stream: what it did is kept by the storage
  Time heard_at{};          ///< its last message
  Time left_at = never;     ///< when its last subscription left; never while it is subscribed
  Welcome welcome;          ///< what it was answered, for a hello that comes again
  bool changed = false;     ///< among Core's sessions that get a confirm at the end of the turn
  bool closed = false;
  bool left = false;  ///< over as its close asked: all that it sent is in and kept
  SeqNo last_put;     ///< what its close named

  /// Counts the sessions that were established: it marks what this one lost.
  std::uint32_t serial = 0;

  std::vector<Queue*> queues;  ///< that its hello names
  Producer* producer = nullptr;
  PrintState print;
  ConsumerState consumer;
  PutState put;
  PrinterState printing;

  bool is(Role role) const { return hello.role == role; }
  /// How far its control stream is in: a block counts when it is whole.
  SeqNo control_whole() const {
    return print.block.is_open() ? SeqNo{print.block.begun.value - 1} : control.received();
  }
};

}  // namespace baton::internal::broker
