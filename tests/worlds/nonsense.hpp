// Clients that stand and say what none of ours would, with an envelope that is mostly valid. Who
// chooses what is said is a random generator (a test) or a fuzzer.
#pragma once

#include <functional>
#include <string>

#include "broker/dispatcher.hpp"
#include "broker/memory_storage.hpp"

namespace baton::internal::broker::test {

class Nonsense final : private Shell {
 public:
  /// Draws a number below n; n > 0.
  using Below = std::function<std::uint64_t(std::uint64_t)>;

  Nonsense(CoreSettings settings, Below below);

  /// A client says something, or begins, or its subscription comes or goes.
  void send_one();
  /// A client sends `payload` behind a header that is right, and says that it is one entry.
  void send_payload(MessageType type, std::string_view payload);
  /// Time passes, and the turn ends; throws when an invariant does not hold then.
  void turn();
  void advance(Duration time) { now_ += time; }

  Dispatcher& dispatcher() { return dispatcher_; }
  Time now() const { return now_; }
  /// Items, in all.
  std::uint64_t put();

 private:
  SessionId session();
  void begin();
  std::uint64_t number();
  std::string hello();
  Heartbeat heartbeat();
  void item(std::string& out);
  void control_entry(std::string& out);
  template <class Append>
  void entries(MessageType type, const SessionId& id, Append append);
  SeqNo next(MessageType type, const SessionId& id);
  void subscription(const SessionId& id);
  void send(std::string message);
  void open_link(const SessionId& session, std::uint32_t generation) override;
  void close_link(const SessionId& /*session*/, std::uint32_t /*generation*/) override {}
  void send(Effects::LinkMessage& /*message*/) override {}
  void send(Effects::Notification& /*notification*/) override {}
  void put_out(std::vector<std::string>& /*bodies*/) override {}
  void log(const std::string& /*line*/) override {}

  Below below_;
  std::uint64_t begun_ = 0;  // sessions
  Time now_{1h};
  MemoryStorage storage_;
  Dispatcher dispatcher_;
};

}  // namespace baton::internal::broker::test
