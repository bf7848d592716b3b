// The words that tests of a consumer's session are written in.
#pragma once

#include <cstdint>
#include <vector>

#include "consumer/consumer_session.hpp"
#include "tests/worlds/client_script.hpp"

namespace baton::internal::script {

using Ids = std::vector<std::uint64_t>;
using Kind = SocketRequest::Kind;

struct ConsumerScript : Script {
  explicit ConsumerScript(std::uint32_t prefetch = 0)
      : Script(consumer, Role::consumer), consumer(config_of(Role::consumer), prefetch) {
    start();
    requests();
  }
  ~ConsumerScript() { consumer.check_invariants(); }

  void stand(const Welcome& told = {}) {
    welcome(told);
    confirm.consumer.link_generation = 1;
    confirm.consumer.link_port = 9000;
    confirm.print_window = 1000;
    send_confirm();
    hello();
  }
  /// Standing, with a link that is connected.
  void open() {
    stand();
    link_up(1);
    requests();
  }
  void link_up(std::uint32_t generation) {
    consumer.on_link_up(generation, now);
    tick();
  }
  void want(int n = 1) {
    for (int i = 0; i < n; ++i) consumer.want();
    tick();
  }
  void unwant() {
    consumer.unwant();
    tick();
  }
  /// The id of the item taken; 0 when there is none to take.
  std::uint64_t take() {
    Delivery delivery;
    std::string body;
    return consumer.take(delivery, body, now) ? delivery.id.value : 0;
  }
  bool ack(ItemId id, std::uint64_t tag = 0) {
    return consumer.settle({Settlement::Kind::done, id}, tag);
  }
  bool fail(ItemId id, std::uint32_t delay_ms, std::string_view reason, std::uint64_t tag = 0) {
    return consumer.settle({Settlement::Kind::failed, id, reason, delay_ms}, tag);
  }
  bool release(ItemId id, std::uint64_t tag = 0) {
    return consumer.settle({Settlement::Kind::released, id}, tag);
  }
  std::uint64_t requested() {
    const auto said = control();
    REQUIRE(said.size() == 1);
    REQUIRE(said[0].kind == EntryKind::request);
    return read_request({EntryKind::request, 0, 0, said[0].payload}).requested();
  }
  LinkLost link_lost() {
    const auto said = control();
    REQUIRE(said.size() == 1);
    REQUIRE(said[0].kind == EntryKind::link_lost);
    return read_link_lost({EntryKind::link_lost, 0, 0, said[0].payload});
  }
  void begin_anew() { begin_again(session_id(2)); }
  void begin_again(const SessionId& next) {
    now += hello_again;
    consumer.on_notification(encode_json({MessageType::refusal, 0, broker_instance, session, {}},
                                         to_json(RefusalNotice{Refusal::unknown_session, ""})),
                             now);
    session = next;
    tick();
    confirm = {};
  }

  ConsumerSession consumer;
};

}  // namespace baton::internal::script
