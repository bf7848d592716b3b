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
  /// Open a link (answer with Core::link_opened or link_failed) or close one. A session has one
  /// link at most.
  struct LinkChange {
    SessionId session;
    std::uint32_t generation;
    bool open;
  };
  std::vector<LinkChange> link_changes;

  /// A message for a link, with room for its header. Void when that link is not the session's
  /// current one any more.
  struct LinkMessage {
    SessionId session;
    std::uint32_t generation;
    SeqNo first;
    std::uint16_t count;
    std::string bytes;
    PutName last_put = {};  ///< of its last entry, if that is an item given whole
  };
  std::vector<LinkMessage> link_messages;

  /// A whole notification, on the topic `to`.
  struct Notification {
    SessionId to;
    std::string bytes;
  };
  std::vector<Notification> notifications;

  /// Bodies for the plain endpoint `out`: they are done with.
  std::vector<std::string> out;

  /// Lines for the operator's log.
  std::vector<std::string> log;

  /// The system has ended: leave the loop with `exit_code` once everything above is sent.
  bool finished = false;
  int exit_code = 0;
  bool abandoned = false;  ///< by abandon(): it is not an end in order

  static constexpr std::size_t most_spare = 16;
  std::vector<std::string> spare;

  /// Bytes for a message that is to be filled: those of one that was sent, for they have grown
  /// already.
  std::string take_spare() {
    if (spare.empty()) return {};
    auto bytes = std::move(spare.back());
    spare.pop_back();
    bytes.clear();
    return bytes;
  }

  /// Nothing of this turn is to be told: the broker ends by an error, and says why.
  void abandon(std::string why) {
    clear();
    link_changes.clear();
    log.push_back(std::move(why));
    finished = abandoned = true;
    exit_code = 1;
  }

  /// All but `finished`.
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

/// What carries them out: sockets, or what stands for them.
class Shell {
 public:
  /// Answers with Core::link_opened() or link_failed(), at once or later.
  virtual void open_link(const SessionId& session, std::uint32_t generation) = 0;
  virtual void close_link(const SessionId& session, std::uint32_t generation) = 0;
  /// All that is to be sent is there, and nothing of it was sent.
  virtual void before_sending(const Effects& /*effects*/) {}
  /// Their bytes may be taken away.
  virtual void send(Effects::LinkMessage& message) = 0;
  virtual void send(Effects::Notification& notification) = 0;
  virtual void put_out(std::vector<std::string>& bodies) = 0;
  virtual void log(const std::string& line) = 0;

 protected:
  ~Shell() = default;
};

}  // namespace baton::internal::broker
