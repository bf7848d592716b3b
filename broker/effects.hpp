// What the core wants done: filled during a turn, carried out by the shell at its end, in the order of the fields.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/ids.hpp"
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

  void clear() {
    lane_messages.clear();
    news.clear();
    out.clear();
    log.clear();
  }
};

}  // namespace baton::broker
