// A broker that says what it likes to a client's pure session, by a fuzzer's script. Whatever it
// says, the session keeps its invariants, does not spin, and sends nothing that an honest broker
// would refuse as malformed.
#pragma once

#include <string>
#include <string_view>

#include "client/client_session.hpp"
#include "client/logic.hpp"
#include "proto/greeting.hpp"
#include "proto/message.hpp"
#include "tests/fuzz/script.hpp"

namespace baton::internal::fuzz {

/// Session ids are 1, 2, 3, ... in their first bytes.
SessionConfig config_of(Role role);

class HostileBroker {
 public:
  /// `session` is the one in `logic`; both must outlive this.
  HostileBroker(ClientLogic& logic, const ClientSession& session, Script& script);

  /// It says something, or time passes.
  void act();
  /// The client does what it has to; what it sends is checked.
  void tick();
  Time now() const { return now_; }

 private:
  Header header(MessageType type, SeqNo number = {}, std::uint16_t count = 0) const;
  void notify(const std::string& frame) { logic_.on_notification(frame, now_); }
  void raw();
  void welcome();
  void confirm();
  void refusal();
  void tell();
  void deliver();
  void link_changes();
  void pass_time();
  std::string entries(MessageType type, SeqNo number);
  void append_feed(std::string& out, MessageType type);
  void read(const Outbox::Message& message) const;

  ClientLogic& logic_;
  const ClientSession& session_;
  Script& script_;
  Time now_{1000s};
  Confirm confirm_;
  std::uint32_t link_ = 0;  // generation
  SeqNo handed_;            // on that link
};

/// Runs one script: `use(script, now)` is what the client's user does, about half of the time.
template <class Logic, class Use>
void run_session(Logic& logic, Script script, Use use) {
  HostileBroker broker(logic, logic.session(), script);
  logic.start(broker.now());
  broker.tick();
  while (!script.over()) {
    if (script.below(2))
      use(script, broker.now());
    else
      broker.act();
    logic.check_invariants();
    if (script.below(4)) broker.tick();
    logic.take_change();
    logic.check_invariants();
  }
}

}  // namespace baton::internal::fuzz
