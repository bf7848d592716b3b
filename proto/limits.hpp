// All limits and times of the wire protocol. proto/PROTOCOL.md explains them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace baton::internal {

using namespace std::chrono_literals;

/// The clock of all pure code, which never reads a clock itself.
using Time = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;
inline constexpr Time never = Time::max();

inline constexpr std::uint8_t protocol_version = 2;
inline constexpr std::uint16_t default_port = 5555;

// Sizes, in bytes unless said otherwise.
inline constexpr std::size_t max_body = 16u << 20;
inline constexpr std::size_t max_print = 1u << 20;  ///< one block of console lines
/// A longer block is sent in parts of at most this size.
inline constexpr std::size_t print_part_bytes = 8000;
inline constexpr std::size_t max_reason = 4096;        ///< why an item failed; longer ones are cut
inline constexpr std::size_t max_message = 17u << 20;  ///< a whole ZeroMQ frame
inline constexpr std::size_t max_hello = 64u << 10;    ///< its JSON
/// A sender packs no further entries into a message of this size.
inline constexpr std::size_t pack_bytes = 64u << 10;
inline constexpr std::size_t max_entries = 4096;  ///< entries in one message
/// A longer body crosses a link in parts of at most this size.
inline constexpr std::size_t part_bytes = 64u << 10;
/// ... or of this size, until the link is steady.
inline constexpr std::size_t small_part_bytes = 16u << 10;
/// ... or of this size, if the link is fast.
inline constexpr std::size_t large_part_bytes = 256u << 10;
inline constexpr std::size_t max_queue_name = 200;
inline constexpr std::size_t max_queues = 64;  ///< queues in one session
inline constexpr std::size_t max_client_name = 200;
/// Digests remembered of a producer's input.
inline constexpr std::size_t max_checkpoints = 32;
/// Subscriptions to notifications; further ones are not granted.
inline constexpr std::size_t topics_per_connection = 4;
/// Bytes of a frame from a subscriber.
inline constexpr std::size_t max_subscription = 64;
/// Unanswered requests of one session.
inline constexpr std::uint32_t max_requests = 65'536;
/// Reclaims that wait for their put, in all sessions.
inline constexpr std::uint32_t max_put_reclaims = 4 * max_requests;

// Priorities: higher ones go first.
inline constexpr std::uint8_t max_priority = 9;
inline constexpr std::uint8_t default_priority = 4;

// What a sender may have under way, unconfirmed.
inline constexpr std::uint32_t put_window_items = 65'536;
inline constexpr std::uint64_t put_window_bytes = 8u << 20;
inline constexpr std::uint64_t print_window_bytes = 1u << 20;
/// Of a control stream, sent.
inline constexpr std::uint64_t control_window_bytes = max_print + (64u << 10);
/// Size of messages with control entries or console lines: small, for slow links.
inline constexpr std::size_t small_pack_bytes = 8192;
inline constexpr std::uint64_t console_window_bytes = 1u << 20;  ///< broker to one printer
inline constexpr std::uint64_t link_window_bytes = 8u << 20;     ///< on one link
inline constexpr std::uint64_t links_window_bytes = 64u << 20;   ///< on all links together

// Times.
inline constexpr Duration hello_again = 250ms;      ///< a hello is repeated until it is answered
inline constexpr Duration heartbeat_interval = 1s;  ///< both ways
inline constexpr Duration session_timeout = 3s;     ///< without a heartbeat for this long the other
                                                    ///< side is lost
/// What a silent broker sends may be lost while the notification connection is still being
/// established. So a silent client sends heartbeats more often, to learn soon if its session has
/// ended.
inline constexpr Duration heartbeat_in_silence = heartbeat_interval / 2;
inline constexpr Duration tcp_connect_within = 1s;  ///< a TCP connection that takes longer is
                                                    ///< retried
/// Delay before a broken or refused connection is retried; it doubles up to reconnect_latest (plus
/// up to reconnect_soonest at random).
inline constexpr Duration reconnect_soonest = 50ms;
inline constexpr Duration reconnect_latest = 500ms;
/// For a session whose notification connection has left.
inline constexpr Duration reconnect_grace = 300ms;
/// Between two rewinds to the same number, and before a mark; doubles each time ...
inline constexpr Duration resend_after = 1s;
inline constexpr Duration longest_resend_delay = 8s;  ///< ... up to this
/// Of the broker's own loop; after a longer one deadlines are extended.
inline constexpr Duration longest_pause = 500ms;
/// After a restart of a durable broker: time for consumers to reclaim the items they hold.
inline constexpr Duration reclaim_window = 6500ms;
/// ... extended while reclaims of a session are still coming in, up to this.
inline constexpr Duration reclaim_at_latest = 60s;
inline constexpr Duration ended_ttl = 60s;  ///< how long an ended session is remembered

static_assert(put_window_bytes < max_message * 2 && max_body < max_message);
static_assert(part_bytes <= link_window_bytes && link_window_bytes <= links_window_bytes);

/// From the start of a broker until the slowest honest client has begun its new session there: one
/// whose sockets were replaced just before they would have reached the broker, by sockets to
/// another, dead address of its name. (A client that has not noticed yet that the old broker is
/// gone replaces its sockets within session_timeout, too, and then connects to the old broker's
/// address.)
inline constexpr Duration slowest_return =
    tcp_connect_within + reconnect_latest + reconnect_soonest + heartbeat_in_silence  // missed
    + session_timeout       // nothing is heard from the dead address
    + heartbeat_in_silence  // its heartbeat is answered: another broker instance
    + hello_again;          // not sooner after opening its sockets
static_assert(reclaim_window >= slowest_return + 500ms,
              "reclaims are waited for until all can have come, on slow lines, too");

}  // namespace baton::internal
