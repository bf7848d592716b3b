// What the broker knows of one client: its session, and the part of a producer that outlives it.
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

/// What is known of the input of a producer's process, and of its puts to earlier brokers.
struct ProducerInput {
  SessionId run;              ///< the process that was welcomed last
  SeqNo began;                ///< its own puts are above this number; 0: not known
  Checkpoints checkpoints;    ///< of the input put so far; stored with its numbers
  SeqNo sent_before;          ///< it may have put up to here to an earlier broker
  std::uint64_t unknown = 0;  ///< items confirmed to it that are unknown here: Welcome::put_unknown
};

/// What became of a producer's items, and how much of that survives a crash.
struct ProducerCounts {
  struct Counts {
    std::uint64_t done = 0;
    std::uint64_t dead = 0;
    bool operator==(const Counts&) const = default;
  };
  std::uint64_t accepted = 0;  ///< items, in all
  std::uint64_t done = 0;
  std::uint64_t dead = 0;
  Counts durable;                  ///< survives a crash; its session is told this
  Counts writing;                  ///< as of the turn `writing_in`, which is being written
  Ticket writing_in = 0;           ///< 0: none
  bool unstored = false;           ///< its counts are not all stored: in ProducerTable::unstored_
  std::uint64_t dead_letters = 0;  ///< of its dead items, those kept

  Counts now() const { return {done, dead}; }
  bool settled() const { return done + dead == accepted; }
};

/// A producer by name. Its numbers and counts continue across sessions.
struct Producer {
  std::string name;  ///< empty: the plain endpoint `in`
  std::uint32_t index = 0;
  std::uint64_t serial = 0;  ///< distinguishes it from others that had the same index
  /// The user gave the name, so it is remembered after all its items are settled.
  bool named = false;
  bool ever_put = false;  ///< otherwise there is nothing to remember, named or not
  std::uint64_t key = 0;  ///< identifies its puts to later brokers; 0: they are not put again
  StreamReceiver put;
  SeqNo confirmed;  ///< of the put stream: stored
  /// Bytes of bodies received on its put stream since this broker started.
  std::uint64_t put_bytes = 0;
  std::uint64_t confirmed_bytes = 0;  ///< of put_bytes, up to `confirmed`
  ProducerInput input;
  ProducerCounts counts;
  StreamSender outcomes;       ///< to its session: notices of dead items
  std::uint64_t away = 0;      ///< its key in DeadNotices::away_; 0: none
  Session* session = nullptr;  ///< the session that puts under this name now
  /// Its last session closed: it will not come back for its numbers.
  bool closed = false;
  Time lost_at = never;  ///< when its last session ended
  bool changed = false;  ///< to be saved: in ProducerTable::changed_

  /// Nothing stored refers to it, and nothing will ask for its numbers, unless it was lost and
  /// comes back.
  bool may_be_forgotten() const {
    return !session && (!named || !ever_put) && counts.settled() && counts.dead_letters == 0;
  }
};

/// The console lines of a session.
struct PrintState {
  std::uint64_t bytes = 0;                    ///< of its blocks
  std::uint64_t confirmed = 0;                ///< of `bytes`, up to control_confirmed
  std::uint64_t credit = print_window_bytes;  ///< for blocks, like byte_credit; blocks of an
                                              ///< earlier session may come again
  /// A block whose last part has not come in.
  struct Block {
    std::string bytes;
    std::uint64_t number = 0;  ///< number of the block
    SeqNo begun;               ///< control stream number of its first part; 0: no open block
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

/// What a consumer session reclaims of items that its client was given earlier.
struct SessionReclaims {
  std::uint64_t left = 0;  ///< reclaims that its hello announced and that have not come in
  bool restored = false;   ///< its client was connected to the previous broker instance
  std::uint32_t of = 0;    ///< serial of its client's previous session, if that ended here; 0: none
  std::string mark;        ///< `why` in the history of items that the previous session lost
  std::vector<PutName> puts;           ///< reclaimed puts that were not here
  std::uint64_t unstored_settles = 0;  ///< how many of `puts` it has settled; these are not
                                       ///< confirmed ...
  SeqNo unconfirmable;                 ///< ... from this number of its control stream on; 0: none
};

/// What only a consumer session has.
struct ConsumerState {
  SessionReclaims reclaims;
  StreamSender feed;           ///< items it reclaimed in vain
  std::size_t next_queue = 0;  ///< where the search for a ready item begins: queues take turns
  bool waiting = false;        ///< in the waiting lists of its queues
  /// On this link, accepted requests: a session that holds max_requests items gets no more.
  std::uint64_t requested = 0;
  std::uint64_t requested_in_all = 0;  ///< on this link, including those not accepted yet
  std::uint64_t answered = 0;          ///< on this link, by an item or `empty`
  std::uint32_t wants() const { return static_cast<std::uint32_t>(requested - answered); }
  std::uint32_t link_generation = 0;
  std::uint64_t wanted = 0;  ///< requests to transfer to the next link, while none can be opened
  std::uint32_t links_unreached = 0;  ///< links that it never connected to
  std::uint16_t link_port = 0;        ///< 0 while the link is not open
  /// Delivery count when this link was opened: number on the link = count - link_base.
  std::uint64_t link_base = 0;
  /// Deliveries and `empty`s in total; from 1, so that one precedes the first link.
  std::uint64_t delivered_count = 1;
  struct Delivered {
    /// Valid while the item is held by this session with the same `delivered`.
    std::uint64_t count;
    ItemId id;
  };
  /// Lists every held item once; stale entries are removed now and then.
  std::deque<Delivered> delivered;
  std::uint64_t held = 0;
  /// Which held items were begun: returned to the user, as far as reported, or certain to be once
  /// they arrive. A delivery count. And the most gets that ever waited at the same time: as many
  /// more may have begun since.
  std::uint64_t begun = 0;
  std::uint32_t most_waiting = 1;
  void note_begun(SeqNo number, std::uint32_t gets) {
    most_waiting = std::max(most_waiting, std::min(gets, max_requests));
    if (number <= link_sent() && number.value + gets > 0)
      begun = std::max(begun, link_base + number.value + std::min(gets, max_requests));
  }
  std::shared_ptr<HolderProcess> process;  ///< set when established
  /// Index of the link message that can still take entries in this turn.
  std::size_t open_message = SIZE_MAX;
  SeqNo link_sent() const { return {delivered_count - link_base}; }
  /// What is on its link, in bytes (DeliveryFlow).
  struct Flow {
    struct Mark {
      std::uint64_t end;  ///< delivery count of its last entry
      std::uint64_t bytes;
    };
    std::deque<Mark> under_way;  ///< sent, and not known to have arrived; oldest first
    std::uint64_t bytes = 0;     ///< the sum of their bytes
    /// A body in parts that is not known to have arrived completely.
    struct Large {
      ItemId id;
      std::uint64_t delivered;  ///< delivery count of its `given`
      std::uint64_t end;  ///< of its last part; 0 while that is not sent, in the last element only
    };
    std::vector<Large> large;
    std::uint64_t sent = 0;   ///< bytes sent of the last element
    std::uint32_t check = 0;  ///< for Storage::part
    bool full = false;        ///< it requests items, and waits for room on its link

    /// Whether the last `enough` bytes arrived in the given time.
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
    std::uint64_t arrived = 0;  ///< bytes not measured yet
    Pace steady, fast;
  };
  Flow flow;
};

/// What only a producer session has: its credit.
struct PutState {
  SeqNo credit;  ///< of the put stream
  /// Of the put stream: an item may begin while Producer::put_bytes is less. The most that any
  /// confirm has granted, as grants are never withdrawn.
  std::uint64_t byte_credit = 0;
  SeqNo resend_until;  ///< up to here it may repeat what it put under an earlier session ...
  std::uint64_t resend_bytes = 0;  ///< ... and up to this many bytes, if there is room
  bool window_shut = false;        ///< its window was 0 bytes when last seen
  bool joining = false;            ///< wants to know at once when all its items are settled
};

/// What only a printer session has (ConsoleFeed).
struct PrinterState {
  SeqNo printed, sent;  ///< of the console log
  Time rewind_again{};  ///< no rewind before this time, unless it makes progress
  Time printed_at{};    ///< when `printed` last rose, or nothing was under way
};

struct Session {
  enum class State : std::uint8_t {
    pending,      ///< its hello has come, its subscription has not
    established,  ///< welcomed
    ended,        ///< closed, lost or cut off: erased at the end of the turn
  };

  SessionId id;
  State state = State::pending;
  Hello hello;
  StreamReceiver control;
  SeqNo control_confirmed;  ///< of the control stream: its effects are stored
  Time heard_at{};          ///< when its last message came
  Time left_at = never;     ///< when its last subscription left; `never` while subscribed
  Welcome welcome;          ///< repeated if the hello comes again
  bool changed = false;     ///< gets a confirm at the end of the turn: in Sessions::changed_
  bool closed = false;
  bool left = false;  ///< ended by its close, when all that it sent had come in and was stored
  SeqNo last_put;     ///< what its close named

  /// Number of the session, among those established: it marks items that this one lost.
  std::uint32_t serial = 0;

  std::vector<Queue*> queues;  ///< those its hello names
  Producer* producer = nullptr;
  PrintState print;
  ConsumerState consumer;
  PutState put;
  PrinterState printing;

  bool is(Role role) const { return hello.role == role; }
  /// In the history of items, and in the log.
  std::string display_name() const {
    return hello.name.empty() ? hello.host + "/" + std::to_string(hello.pid) : hello.name;
  }
  /// How far its control stream was received; a block counts when it is complete.
  SeqNo control_whole() const {
    return print.block.is_open() ? SeqNo{print.block.begun.value - 1} : control.received();
  }
};

}  // namespace baton::internal::broker
