// Every limit and every time of the wire, version 1, in one place. proto/PROTOCOL.md explains them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace baton::internal {

using namespace std::chrono_literals;

/// The clock that all pure code is moved by: it never looks at one itself.
using Time = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;
inline constexpr Time never = Time::max();

inline constexpr std::uint8_t protocol_version = 2;
inline constexpr std::uint16_t default_port = 5555;

// Sizes, in bytes unless said otherwise.
inline constexpr std::size_t max_body = 16u << 20;
inline constexpr std::size_t max_print = 1u << 20;  ///< one block of console lines
/// A longer block is said, and told, in parts of at most this.
inline constexpr std::size_t print_part_bytes = 8000;
inline constexpr std::size_t max_reason = 4096;        ///< why an item failed; the rest is cut off
inline constexpr std::size_t max_message = 17u << 20;  ///< a whole ZeroMQ frame
inline constexpr std::size_t max_hello = 64u << 10;    ///< its JSON
/// A sender stops packing a message beyond this.
inline constexpr std::size_t pack_bytes = 64u << 10;
inline constexpr std::size_t max_entries = 4096;  ///< entries in one message
/// A longer body crosses a link in parts of at most this.
inline constexpr std::size_t part_bytes = 64u << 10;
/// ... or of this, until the link is steady.
inline constexpr std::size_t small_part_bytes = 16u << 10;
/// ... or of this, where the link is fast.
inline constexpr std::size_t large_part_bytes = 256u << 10;
inline constexpr std::size_t max_queue_name = 200;
inline constexpr std::size_t max_queues = 64;  ///< queues in one session
inline constexpr std::size_t max_client_name = 200;
/// Digests that are remembered of a producer's input.
inline constexpr std::size_t max_checkpoints = 32;
/// To notifications; further ones are not granted.
inline constexpr std::size_t topics_per_connection = 4;
/// Bytes of a frame that a subscriber may send.
inline constexpr std::size_t max_subscription = 64;
/// Requests of one session that are not answered yet.
inline constexpr std::uint32_t max_requests = 65'536;
/// Reclaims that wait for their put, of all sessions.
inline constexpr std::uint32_t max_put_reclaims = 4 * max_requests;

// Priorities: the higher goes first.
inline constexpr std::uint8_t max_priority = 9;
inline constexpr std::uint8_t default_priority = 4;

// What a sender may have under way, unconfirmed.
inline constexpr std::uint32_t put_window_items = 65'536;
inline constexpr std::uint64_t put_window_bytes = 8u << 20;
inline constexpr std::uint64_t print_window_bytes = 1u << 20;
/// Of a control stream, if sent.
inline constexpr std::uint64_t control_window_bytes = max_print + (64u << 10);
/// In a message of it, and of console lines: for slow links.
inline constexpr std::size_t small_pack_bytes = 8192;
inline constexpr std::uint64_t console_window_bytes = 1u << 20;  ///< broker to one printer
inline constexpr std::uint64_t link_window_bytes = 8u << 20;     ///< on one link
inline constexpr std::uint64_t links_window_bytes = 64u << 20;   ///< on all links together

// Times.
inline constexpr Duration hello_again = 250ms;      ///< a hello is repeated until it is answered
inline constexpr Duration heartbeat_interval = 1s;  ///< both ways
inline constexpr Duration session_timeout = 3s;     ///< without a heartbeat the other side is lost
/// What a silent broker has to say may have gone where nobody listened yet, to a notification
/// connection that was still being made. So that a client hears soon of a session that is over, it
/// asks more often.
inline constexpr Duration heartbeat_in_silence = heartbeat_interval / 2;
inline constexpr Duration tcp_connect_within = 1s;  ///< a TCP connection, or it is tried again
/// After a connection broke or was refused it is made again; then after twice as long, up to
/// reconnect_latest (and up to reconnect_soonest more, by chance).
inline constexpr Duration reconnect_soonest = 50ms;
inline constexpr Duration reconnect_latest = 500ms;
/// For a session whose notification connection left.
inline constexpr Duration reconnect_grace = 300ms;
/// Between two rewinds to one number, before a mark; then twice as long,.
inline constexpr Duration resend_after = 1s;
inline constexpr Duration longest_resend_delay = 8s;  ///< ... up to this
/// Of the broker's own loop, before deadlines are extended.
inline constexpr Duration longest_pause = 500ms;
/// After a restart of a durable broker: for those who hold items to say so.
inline constexpr Duration reclaim_window = 6500ms;
/// ... and longer, while reclaims of a session are still coming in; not beyond this.
inline constexpr Duration reclaim_at_latest = 60s;
inline constexpr Duration ended_ttl = 60s;  ///< how long an ended session is still recognised

static_assert(put_window_bytes < max_message * 2 && max_body < max_message);
static_assert(part_bytes <= link_window_bytes && link_window_bytes <= links_window_bytes);

/// From the start of a broker until the slowest honest client has begun its new session there: one
/// whose sockets were replaced just before they would have reached it, by such as go to another
/// address of its name, which is dead. (One that has not noticed yet that the old broker is gone
/// replaces its sockets within session_timeout, too, and then goes where that was.)
inline constexpr Duration slowest_return =
    tcp_connect_within + reconnect_latest + reconnect_soonest + heartbeat_in_silence  // missed
    + session_timeout       // nothing is heard from the dead address
    + heartbeat_in_silence  // its heartbeat is answered: another broker instance
    + hello_again;          // not sooner behind its sockets' opening
static_assert(reclaim_window >= slowest_return + 500ms,
              "reclaims are waited for until all can have come, on slow lines, too");

}  // namespace baton::internal
