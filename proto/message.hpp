// The messages of version 1 as bytes. proto/PROTOCOL.md is their specification; the two change
// together.
//
// A message is one ZeroMQ frame (in notifications a topic frame goes before it): a header of 40
// bytes, then a payload. Three kinds of payload: entries (put, control, delivery, outcome,
// console), a fixed block (heartbeat, confirm), and JSON (hello, welcome, refusal). Numbers are
// little-endian.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/bytes.hpp"
#include "proto/checkpoint.hpp"
#include "proto/ids.hpp"
#include "proto/limits.hpp"
#include "proto/refusal.hpp"

namespace baton::internal {

enum class MessageType : std::uint8_t {
  // to the put endpoint
  put = 1,  ///< entries of the put stream
  // to the control endpoint
  hello = 2,      ///< JSON: who I am; begins a session
  control = 3,    ///< entries of the control stream
  heartbeat = 4,  ///< Heartbeat: I live, and this is how far I am
  probe = 5,  ///< nothing: is a broker here? By who is no client, subscribed to the session's topic
              ///< that it names
  // notifications, to one session
  welcome = 16,  ///< JSON: the session stands
  confirm = 17,  ///< Confirm: how far the broker is; its heartbeat, too
  refusal = 18,  ///< JSON: what was refused, and why
  outcome = 19,  ///< entries: what became of a producer's items
  console = 20,  ///< entries: console lines, to a printer
  alive = 21,    ///< JSON: the answer to a probe
  // on a link
  deliveries = 32,  ///< entries: items, and the answers to cancelled requests
};

struct Header {
  MessageType type{};
  std::uint16_t count = 0;         ///< entries in the payload; 0 for other payloads
  BrokerInstance broker_instance;  ///< the broker's; 0 in the first hello
  SessionId session;
  SeqNo number;  ///< the number of the first entry; 0 for other payloads
};
inline constexpr std::size_t header_size = 40;

/// Writes `header` over the header_size bytes at `at`.
void write_header(char* at, const Header& header);

/// Reads a header off the front of `frame`. The payload follows it. On a refusal `header` holds
/// what could be read.
Refusal read_header(std::string_view frame, Header& header);

inline std::string_view payload_of(std::string_view frame) { return frame.substr(header_size); }

/// One entry of a payload of entries. What `a` and `b` mean depends on the kind.
enum class EntryKind : std::uint8_t {
  // put stream
  item = 1,    ///< a: priority; b: flags (has_delay); payload: [delay u32 ms] body
  digest = 2,  ///< a: 1 from the start; checkpoint of the input behind the message's last item.
               ///< First in its
               ///< message, unnumbered
  // control stream
  request = 16,  ///< Request
  /// u32: how many requests are cancelled; each is answered by an item or by `empty`.
  cancel_requests = 17,
  ack = 18,      ///< runs of items: done. b = has_result (reserved): id u64, then the result
  fail = 19,     ///< id u64, delay u32 ms, reason (UTF-8)
  release = 20,  ///< runs of items: given back untouched
  print =
      21,  ///< b: flags (block_goes_on); u64: the say number; then a block of console lines, or a
           ///< part of one
  link_lost = 22,  ///< LinkLost: open another link for me
  join = 23,       ///< nothing: tell me at once when all my items are settled
  reclaim = 25,  ///< runs of items that an earlier session of this client was given, each with its
                 ///< count of deliveries
  reclaim_put =
      26,  ///< the same of items that may not have been kept: each run with the put of its
           ///< first item
  close =
      24,  ///< u64: the last number of the put stream; the session ends when both streams are in
  // on a link
  delivery = 32,  ///< a: priority; b: attempt (1 for the first, 65535 for more); payload: Delivery,
                  ///< then the body
  empty = 33,     ///< nothing: the answer to a cancelled request
  part = 34,      ///< the next bytes of the body whose `delivery` was partial
  // in notifications, from the broker
  died = 48,    ///< JSON: an item of this producer is dead
  result = 49,  ///< reserved: an item's result
  lost =
      50,  ///< runs of items, to a consumer: it reclaimed them, and they are not its own any more
  line = 64,  ///< b: flags (block_goes_on); client u64, say number u64: who said it; then a block,
              ///< or a part of one
  dropped =
      65,  ///< u64: so many blocks are gone; alone in its message, it stands for all their numbers
};

struct Entry {
  EntryKind kind{};
  std::uint8_t a = 0;
  std::uint16_t b = 0;
  std::string_view payload;
};
inline constexpr std::size_t entry_head_size = 8;
inline constexpr std::uint16_t has_delay = 1;   ///< flag of an item entry
inline constexpr std::uint16_t has_result = 1;  ///< flag of an ack entry
/// Flag of a say or line entry: the block goes on in the next one.
inline constexpr std::uint16_t block_goes_on = 1;
/// Flag in a given's payload: whose put it is follows.
inline constexpr std::uint16_t unstored = 1;
/// Flag in a given's payload: the body goes on in `part` entries.
inline constexpr std::uint16_t partial = 2;
/// Flag in a given's payload: its put follows the entry before it's.
inline constexpr std::uint16_t next_put = 4;
inline constexpr std::size_t delivery_flags = 10;  ///< where these flags are

inline void append_entry_head(std::string& out, EntryKind kind, std::uint8_t a, std::uint16_t b,
                              std::size_t size) {
  char head[entry_head_size];
  store(head, static_cast<std::uint32_t>(size));
  head[4] = static_cast<char>(kind);
  head[5] = static_cast<char>(a);
  store(head + 6, b);
  out.append(head, sizeof head);
}

/// Walks the entries of a payload.
class EntryReader {
 public:
  explicit EntryReader(std::string_view payload) : rest_(payload) {}

  /// Takes the next entry; false at the end, or when what follows is no whole entry (then
  /// !at_end()).
  bool next(Entry& entry) {
    if (rest_.size() < entry_head_size) return false;
    const auto size = load<std::uint32_t>(rest_.data());
    if (size > rest_.size() - entry_head_size) return false;
    entry.kind = static_cast<EntryKind>(static_cast<std::uint8_t>(rest_[4]));
    entry.a = static_cast<std::uint8_t>(rest_[5]);
    entry.b = load<std::uint16_t>(rest_.data() + 6);
    entry.payload = rest_.substr(entry_head_size, size);
    rest_.remove_prefix(entry_head_size + size);
    return true;
  }
  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }  ///< what next() has not taken yet

 private:
  std::string_view rest_;
};

/// Checks a whole payload before anything of it is used: `count` entries, each of a kind that
/// `type` may carry, each with a payload of the right form and size.
Refusal check_entries(MessageType type, std::string_view payload, std::uint16_t count);

/// An item of the put stream.
struct PutItem {
  std::uint8_t priority = default_priority;
  std::uint32_t delay_ms = 0;
  std::string_view body;

  bool operator==(const PutItem&) const = default;
};
void append_item(std::string& out, const PutItem& item);
PutItem read_item(const Entry& entry);

void append_digest(std::string& out, const InputPlace& place);
InputPlace read_digest(const Entry& entry);

/// A message of the put stream.
struct PutItems {
  std::vector<PutItem> items;       ///< their bodies are of the frame
  std::uint64_t bytes = 0;          ///< of these bodies, in all
  std::optional<InputPlace> place;  ///< of the input behind the last item, if that is said
};
void read_put(std::string_view payload, PutItems& put);  ///< of what was checked; replaces `put`
/// Writes another place of the input over the one of a message's first entry; that it begins again
/// stays.
void rewrite_digest(std::string& message, const InputPlace& place);

/// Whether a put message's payload, which was checked, begins with a digest.
inline bool begins_with_digest(std::string_view payload) {
  return payload.size() > 4 &&
         static_cast<EntryKind>(static_cast<std::uint8_t>(payload[4])) == EntryKind::digest;
}

/// A put, over the ends of brokers: by its producer's key, which that broker drew from its name,
/// and its number. Key 0: none.
struct PutName {
  std::uint64_t producer = 0;
  SeqNo number = {};

  PutName next() const { return {producer, number + 1}; }
  auto operator<=>(const PutName&) const = default;
};

/// The fixed part of a `delivery` entry: what the link says of an item that it delivers.
struct Delivery {
  ItemId id;
  std::uint16_t queue = 0;    ///< index into the queues of the session's hello
  std::uint16_t attempt = 1;  ///< 1 for the first
  std::uint8_t priority = default_priority;
  std::string_view body;    ///< all of it, or its first bytes
  std::uint32_t whole = 0;  ///< not 0: the size of the whole body, the rest of which comes in parts
  /// How often it went out, as far as its holders lost it: the highest holds it.
  std::uint32_t deliveries = 1;
  /// Of an item that may not be stored yet, where the broker keeps; else nothing.
  PutName put = {};

  bool operator==(const Delivery&) const = default;
};
inline bool is_partial(const Entry& entry) {
  return entry.kind == EntryKind::delivery &&
         (load<std::uint16_t>(entry.payload.data() + delivery_flags) & partial) != 0;
}
/// `before`: the put of the entry before it in the message, if that was given whole. One that
/// follows it takes no bytes.
void append_delivery(std::string& out, const Delivery& delivery, const PutName& before = {});
Delivery read_delivery(const Entry& entry, const PutName& before = {});

/// Items with ids that follow one another, which were given so many times by then.
struct Reclaim {
  ItemId first;
  std::uint32_t count = 0;
  std::uint32_t deliveries = 1;
  /// Of the first, of items that may not have been kept: the others' numbers follow it.
  PutName put = {};

  auto operator<=>(const Reclaim&) const = default;
};

/// "Of link `generation` everything up to `received` came in; I want `wanted` items on the next
/// one."
struct LinkLost {
  std::uint32_t generation = 0;
  SeqNo received;
  std::uint32_t wanted = 0;

  bool operator==(const LinkLost&) const = default;
};

/// What a consumer wants, and how far it is with what it has.
struct Request {
  std::uint64_t requested = 0;  ///< in all, since the link was made
  SeqNo begun = {};  ///< on this link: of what came up to this number all was returned to the user
  /// Gets that block now: so many items more are begun as soon as they come.
  std::uint32_t waiting = 0;
  bool operator==(const Request&) const = default;
};

struct Failure {
  ItemId id;
  std::uint32_t delay_ms = 0;
  std::string_view reason;

  bool operator==(const Failure&) const = default;
};

/// A block of console lines, or a part of one. Who says it numbers its blocks from 1 over its whole
/// life, so that one which is said again to another broker is known again.
struct PrintBlock {
  std::uint64_t client = 0;  ///< of a line: its hello's `instance`; 0: nobody's, or nobody says
  std::uint64_t number = 0;
  std::string_view block;
  bool goes_on = false;  ///< in the next entry, which has the same number

  bool operator==(const PrintBlock&) const = default;
};
inline constexpr std::size_t print_size = 8;  ///< before the block of a say
inline constexpr std::size_t line_size = 16;  ///< before the block of a line

void append_print(std::string& out, const PrintBlock& printed);  ///< the client is not said
void append_line(std::string& out, const PrintBlock& printed);
PrintBlock read_print(const Entry& entry);
PrintBlock read_line(const Entry& entry);

void append_request(std::string& out, const Request& request);
void append_cancel_requests(std::string& out, std::uint32_t count);
void append_runs(std::string& out, EntryKind kind,
                 const std::vector<ItemRun>& runs);  ///< ack, release or lost
void append_reclaims(std::string& out,
                     const std::vector<Reclaim>& reclaims);  ///< none or all of them with a put
void append_fail(std::string& out, const Failure& failure);
void append_link_lost(std::string& out, const LinkLost& lost);
void append_close(std::string& out, SeqNo last_put);
void append_dropped(std::string& out, std::uint64_t blocks);
void append_block(std::string& out, EntryKind kind,
                  std::string_view block);  ///< died, part, or (empty) join, none

Request read_request(const Entry& entry);
std::uint32_t read_cancel_requests(const Entry& entry);
void read_runs(const Entry& entry, std::vector<ItemRun>& runs);          ///< replaces `runs`
void read_reclaims(const Entry& entry, std::vector<Reclaim>& reclaims);  ///< replaces `reclaims`
Failure read_fail(const Entry& entry);
LinkLost read_link_lost(const Entry& entry);
SeqNo read_close(const Entry& entry);
std::uint64_t read_dropped(const Entry& entry);

/// From a client, every heartbeat_interval and whenever the broker should know sooner.
struct Heartbeat {
  SeqNo put_sent;       ///< last number of the put stream
  SeqNo control_sent;   ///< last number of the control stream
  SeqNo feed_position;  ///< last number of the broker's stream to this session (outcomes; lines:
                        ///< printed, not only read)
  SeqNo link_received;
  std::uint32_t link_generation = 0;
  bool rewind = false;  ///< something is missing after `feed_position`: send it again

  bool operator==(const Heartbeat&) const = default;
};
inline constexpr std::size_t heartbeat_size = 40;

/// What holds a sender back, when its credit is used up.
enum class Held : std::uint8_t {
  nothing = 0,
  queue_items = 1,  ///< the queue holds as many items as it may
  queue_bytes = 2,  ///< the queue holds as many bytes as it may
  storage = 3,      ///< the broker's disk is full or fails
  console = 4,      ///< the console log is full, its printer is slow
  paused = 5,       ///< an operator has paused the queue
};

/// From the broker to one session: at each change, and every heartbeat_interval as its heartbeat.
/// All of it is absolute, so that a lost one is made up for by the next.
struct Confirm {
  SeqNo control_received;  ///< of the control stream; everything up to it is done
  SeqNo put_received;      ///< of the put stream; need not be sent again unless this broker dies
  SeqNo put_confirmed;     ///< kept: the client may forget it
  SeqNo put_credit;        ///< the highest number that the put stream may reach
  /// Bytes of bodies that may be unconfirmed; the last one may go beyond.
  std::uint64_t put_window = 0;
  /// Bytes of console lines that may be unconfirmed; the last block may go beyond.
  std::uint64_t print_window = 0;
  std::uint64_t accepted = 0;  ///< items of this producer, in all
  std::uint64_t done = 0;      ///< of these: acked
  std::uint64_t dead = 0;      ///< of these: dead
  SeqNo
      feed_last;  ///< last number of the broker's stream to this session (outcomes, console lines)
  SeqNo link_sent;  ///< last number on the current link
  std::uint32_t link_generation = 0;
  std::uint16_t link_port = 0;
  Held put_held = Held::nothing;
  Held print_held = Held::nothing;
  /// The put stream has a gap after put_received: send it again from there.
  bool rewind_put = false;
  bool rewind_control = false;  ///< likewise the control stream
  bool shutdown = false;        ///< the system is ending: finish, close
  bool ended = false;           ///< this session is over, as its close asked
  SeqNo feed_sent;  ///< of the broker's stream to this session, what was sent before this confirm
  std::uint32_t consumers = 0;  ///< to a producer: who may take items of its queue

  bool operator==(const Confirm&) const = default;
};
inline constexpr std::size_t confirm_size = 109;

/// Whole messages, header included.
std::string encode_heartbeat(const Header& header, const Heartbeat& heartbeat);
std::string encode_confirm(const Header& header, const Confirm& confirm);
std::string encode_json(const Header& header, std::string_view json);

/// From a payload; a refusal when it is not of the right form.
Refusal decode_heartbeat(std::string_view payload, Heartbeat& heartbeat);
Refusal decode_confirm(std::string_view payload, Confirm& confirm);

}  // namespace baton::internal
