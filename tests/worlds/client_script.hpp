// The vocabulary of the client transcripts: a broker that says what the test tells it to, and what
// the client answers.
#pragma once

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "client/client_session.hpp"
#include "client/logic.hpp"
#include "proto/greeting.hpp"
#include "proto/message.hpp"

namespace baton::internal::script {

/// A session config whose ids are 1, 2, 3, ... in their first byte.
SessionConfig config_of(Role role);
SessionId session_id(std::uint8_t n);

/// One entry that the client sent, with its payload copied.
struct Sent {
  EntryKind kind{};
  std::string payload;
  std::uint16_t flags = 0;
};

/// Drives one client's logic by hand. Nothing is delivered that the test does not deliver.
class Script {
 public:
  Script(ClientLogic& logic, Role role) : logic_(logic), part_(part_of(role)) {}

  Time now = Time(1000s);
  BrokerInstance broker_instance{77};
  SessionId session = session_id(1);
  Confirm confirm;  ///< what the next confirm() says

  void start();
  /// Lets the client do what it has to; keeps what it sent for the expectations below.
  void tick();
  void advance(Duration time);
  /// Moves on in steps, as a process that runs; advance() by more than `silence` is one that stood
  /// still.
  void run(Duration time);
  /// Moves on in steps, confirming each second as a live broker does.
  void live(Duration time);

  void welcome(const Welcome& welcome = {});
  void send_confirm();
  void refuse(Refusal refusal, const std::string& text = "because");
  void told(MessageType type, SeqNo first, const std::vector<std::string>& blocks);
  void notify(const std::string& frame);
  void deliver(std::uint32_t generation, SeqNo first, const std::vector<std::uint64_t>& ids,
               std::uint32_t deliveries = 1);
  /// ... that are not kept yet: the first one's put, the others' numbers follow it.
  void deliver_unstored(std::uint32_t generation, SeqNo first,
                        const std::vector<std::uint64_t>& ids, PutName put);
  /// "These you reclaimed in vain": entry `number` of the broker's stream.
  void lost(SeqNo number, const std::vector<ItemRun>& runs);
  void none(std::uint32_t generation, SeqNo number);

  /// What was sent since the last call of the same kind; each call forgets what it returns.
  std::optional<Hello> hello();
  std::optional<Heartbeat> heartbeat();
  std::vector<Sent> control();
  std::vector<std::string> puts();   ///< bodies
  std::vector<InputPlace> places();  ///< that messages of puts begin with
  std::vector<SeqNo> marks();        ///< the numbers that come next
  std::vector<SocketRequest> requests();
  SeqNo last_control() const { return last_control_; }

 private:
  void deliver(std::uint32_t generation, SeqNo first, const std::vector<std::uint64_t>& ids,
               std::uint32_t deliveries, PutName put);
  void read(const Outbox::Message& message);

  ClientLogic& logic_;
  const Confirm::Part part_;
  std::optional<Hello> hello_;
  std::optional<Heartbeat> heartbeat_;
  std::vector<Sent> control_;
  std::vector<std::string> puts_;
  std::vector<InputPlace> places_;
  std::vector<SeqNo> marks_;
  std::vector<SocketRequest> requests_;
  SeqNo last_control_;
};

/// The ids that an ack or release entry names.
std::vector<std::uint64_t> ids_in(const Sent& sent);
std::vector<Reclaim> reclaims_in(const Sent& sent);

}  // namespace baton::internal::script
