// The vocabulary of the producers' transcripts.
#pragma once

#include "producer/producer_session.hpp"
#include "tests/worlds/client_script.hpp"

namespace baton::internal::script {

struct ProducerScript : Script {
  ProducerScript() : Script(producer, Role::producer) {
    start();
    requests();
  }
  ~ProducerScript() { producer.check_invariants(); }

  /// Welcomed, with credit for `items`.
  void stand(std::uint64_t items = 100) {
    Script::welcome({});
    confirm.producer.put_credit = {items};
    confirm.producer.put_window = 1000;
    confirm.print_window = 1000;
    send_confirm();
    hello();
  }
  void put(const std::string& body) {
    REQUIRE(producer.may_put());
    producer.put({default_priority, 0, body});
    tick();
  }
  void confirm_puts(std::uint64_t up_to) {
    confirm.producer.put_received = confirm.producer.put_confirmed = {up_to};
    confirm.producer.accepted = up_to;
    send_confirm();
  }
  /// The broker was started again; the client is told and begins another session.
  void new_broker(std::uint8_t sessions = 2, BrokerInstance next = {78}) {
    now += hello_again;
    refuse_with_new_instance(session_id(sessions), next);
    session = session_id(sessions);
    tick();
    confirm = {};
    broker_instance = next;
  }
  /// The broker has lost the session; the client begins the next one.
  void begin_anew(std::uint8_t sessions) {
    now += hello_again;
    notify(encode_json({MessageType::refusal, 0, broker_instance, session, {}},
                       to_json(RefusalNotice{Refusal::unknown_session, ""})),
           session_id(sessions));
    tick();
  }
  void refuse_with_new_instance(const SessionId& next = session_id(2),
                                BrokerInstance instance_of_it = {78}) {
    notify(encode_json({MessageType::refusal, 0, instance_of_it, session, {}},
                       to_json(RefusalNotice{Refusal::wrong_broker_instance, ""})),
           next);
  }
  void notify(const std::string& frame, const SessionId& session_after) {
    producer.on_notification(frame, now);
    session = session_after;
  }

  ProducerSession producer{config_of(Role::producer)};
};

}  // namespace baton::internal::script
