// How far the broker is with a session; also a sign of life.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/greeting.hpp"
#include "proto/header.hpp"
#include "proto/ids.hpp"
#include "proto/refusal.hpp"

namespace baton::internal {

/// What holds a sender back when its credit is used up.
enum class Held : std::uint8_t {
  nothing = 0,
  queue_items = 1,  ///< the queue has reached its limit of items
  queue_bytes = 2,  ///< the queue has reached its limit of bytes
  storage = 3,      ///< the broker's disk is full or fails
  console = 4,      ///< the console log is full, and its printer is slow
  paused = 5,       ///< an operator has paused the queue
};

/// The part of a confirm for a producer.
struct ProducerPart {
  SeqNo put_received;   ///< of the put stream; needs no resending unless this broker ends
  SeqNo put_confirmed;  ///< stored: the client may forget it
  SeqNo put_credit;     ///< the highest number that the put stream may reach
  /// Bytes of bodies that may be unconfirmed; the last item may exceed it.
  std::uint64_t put_window = 0;
  std::uint64_t accepted = 0;   ///< items of this producer, in total
  std::uint64_t done = 0;       ///< of the accepted ones: acked
  std::uint64_t dead = 0;       ///< of the accepted ones: dead
  std::uint32_t consumers = 0;  ///< consumer sessions and plain endpoints of its queue
  Held put_held = Held::nothing;
  /// The put stream has a gap after put_received: resend from there.
  bool rewind_put = false;

  bool operator==(const ProducerPart&) const = default;
};

/// The part of a confirm for a consumer.
struct ConsumerPart {
  SeqNo link_sent;  ///< last number on the current link
  std::uint32_t link_generation = 0;
  std::uint16_t link_port = 0;

  bool operator==(const ConsumerPart&) const = default;
};

/// Sent by the broker to a session at each change, and every heartbeat_interval as its heartbeat.
/// All values are absolute, so the next confirm makes up for a lost one.
struct Confirm {
  /// The role of the part it contains: none if only `ended` is reported, and for roles without a
  /// part.
  enum class Part : std::uint8_t { none = 0, producer = 1, consumer = 2 };

  SeqNo control_received;  ///< of the control stream; everything up to it is done
  /// Of the feed, the broker's stream to this session (outcomes, console lines): its last number,
  /// and the last one sent before this confirm.
  SeqNo feed_last, feed_sent;
  /// Bytes of console lines that may be unconfirmed; the last block may exceed it.
  std::uint64_t print_window = 0;
  Held print_held = Held::nothing;
  bool rewind_control = false;  ///< like rewind_put, for the control stream
  bool shutdown = false;        ///< the system is ending: finish, close
  bool ended = false;           ///< this session has ended, as its close requested
  Part part = Part::none;
  ProducerPart producer;
  ConsumerPart consumer;

  bool operator==(const Confirm&) const = default;
};
/// The part in a role's confirms.
Confirm::Part part_of(Role role);
inline constexpr std::size_t confirm_head_size = 36;
inline constexpr std::size_t producer_part_size = 64;
inline constexpr std::size_t consumer_part_size = 16;

std::string encode_confirm(const Header& header, const Confirm& confirm);  ///< whole, with header
/// Decodes a payload; returns a refusal if it is malformed. An unknown part is ignored.
Refusal decode_confirm(std::string_view payload, Confirm& confirm);

}  // namespace baton::internal
