// What the core wants done: filled during a turn, carried out at its end (Dispatcher::carry_out).
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

namespace baton::internal::broker {

struct Effects {
  /// Open a link (answer with Core::link_opened or link_failed) or close one. A session has at most
  /// one link.
  struct LinkChange {
    SessionId session;
    std::uint32_t generation;
    bool open;
  };
  std::vector<LinkChange> link_changes;

  /// A message for a link, with room for its header. Ignored if that link is no longer the
  /// session's current one.
  struct LinkMessage {
    SessionId session;
    std::uint32_t generation;
    SeqNo first;
    std::uint16_t count;
    std::string bytes;
    PutName last_put = {};  ///< of its last entry, if that is a whole item
  };
  std::vector<LinkMessage> link_messages;

  /// A whole notification, on the topic `to`.
  struct Notification {
    SessionId to;
    std::string bytes;
  };
  std::vector<Notification> notifications;

  /// Bodies for the plain endpoint `out`; the broker has settled them.
  std::vector<std::string> out;

  /// Lines for the operator's log.
  std::vector<std::string> log;

  /// The system has ended: leave the loop with `exit_code` after sending everything above.
  bool finished = false;
  int exit_code = 0;
  bool abandoned = false;  ///< by abandon(): the broker ends because of an error

  static constexpr std::size_t most_spare = 16;
  std::vector<std::string> spare;

  /// A buffer for a new message: one of a sent message if possible, since it has its capacity
  /// already.
  std::string take_spare() {
    if (spare.empty()) return {};
    auto bytes = std::move(spare.back());
    spare.pop_back();
    bytes.clear();
    return bytes;
  }

  /// Drops all output of this turn: the broker ends because of an error, `why`.
  void abandon(std::string why) {
    clear();
    link_changes.clear();
    log.push_back(std::move(why));
    finished = abandoned = true;
    exit_code = 1;
  }

  /// Clears everything but `finished`.
  void clear() {
    for (auto& message : link_messages)
      if (spare.size() < most_spare && message.bytes.capacity() <= 2 * pack_bytes)
        spare.push_back(std::move(message.bytes));
    link_messages.clear();
    notifications.clear();
    out.clear();
    log.clear();
  }
};

/// Carries out effects: sockets, or a substitute in tests.
class Shell {
 public:
  /// Answers with Core::link_opened() or link_failed(), at once or later.
  virtual void open_link(const SessionId& session, std::uint32_t generation) = 0;
  virtual void close_link(const SessionId& session, std::uint32_t generation) = 0;
  /// Called when all messages of the turn are ready and none was sent.
  virtual void before_sending(const Effects& /*effects*/) {}
  /// May take the message's bytes.
  virtual void send(Effects::LinkMessage& message) = 0;
  virtual void send(Effects::Notification& notification) = 0;
  virtual void put_out(std::vector<std::string>& bodies) = 0;
  virtual void log(const std::string& line) = 0;

 protected:
  ~Shell() = default;
};

}  // namespace baton::internal::broker
