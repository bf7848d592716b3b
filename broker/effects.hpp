// What the core wants done: filled during a turn, carried out by the shell at its end, in the order of the fields.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "proto/ids.hpp"
#include "proto/limits.hpp"
#include "proto/message.hpp"
#include "proto/refusal.hpp"

namespace baton::broker {

struct Effects {
  /// Open a lane (answer with Core::lane_opened or lane_failed) or close one. A session has one lane at most.
  struct LaneChange {
    SessionId session;
    std::uint32_t generation;
    bool open;
  };
  std::vector<LaneChange> lane_changes;

  /// A whole message for a lane. Void when that lane is not the session's current one any more.
  struct LaneMessage {
    SessionId session;
    std::uint32_t generation;
    Number first;
    std::uint16_t count;
    std::string bytes;
    PutName last_put = {};  ///< of its last entry, if that is an item given whole
  };
  std::vector<LaneMessage> lane_messages;

  /// A whole message for news, on the topic `to`.
  struct News {
    SessionId to;
    std::string bytes;
  };
  std::vector<News> news;

  /// Bodies for the plain door `out`: they are done with.
  std::vector<std::string> out;

  /// Lines for the operator's log.
  std::vector<std::string> log;

  /// The system has ended: leave the loop with `exit_code` once everything above is sent.
  bool finished = false;
  int exit_code = 0;

  static constexpr std::size_t most_spare = 16;
  std::vector<std::string> spare;

  /// Bytes for a message that is to be filled: those of one that was sent, for they have grown already.
  std::string take_spare() {
    if (spare.empty()) return {};
    auto bytes = std::move(spare.back());
    spare.pop_back();
    bytes.clear();
    return bytes;
  }

  void clear() {
    for (auto& message : lane_messages)
      if (spare.size() < most_spare && message.bytes.capacity() <= 2 * pack_bytes)
        spare.push_back(std::move(message.bytes));
    lane_messages.clear();
    news.clear();
    out.clear();
    log.clear();
  }
};

}  // namespace baton::broker
