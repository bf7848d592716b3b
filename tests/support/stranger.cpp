#include "tests/support/stranger.hpp"

#include <doctest/doctest.h>

namespace baton::internal::e2e {
namespace {

std::string hello_of(Role role) {
  Hello hello;
  hello.role = role;
  hello.name = "stranger";
  hello.queues = {"strangers"};
  return to_json(hello);
}

}  // namespace

Stranger::Stranger(const Broker& broker, Role role)
    : notifications_(static_cast<std::uint16_t>(port_of(broker) + 2)),
      control_(static_cast<std::uint16_t>(port_of(broker) + 1)),
      put_(port_of(broker)) {
  notifications_.shake_hands("SUB").send(zmtp::subscribe(id_.view()));
  control_.shake_hands("PUSH");
  put_.shake_hands("PUSH");
  control(encode_json({MessageType::hello, 0, {}, id_, {}}, hello_of(role)));
  const auto part_size = role == Role::consumer   ? consumer_part_size
                         : role == Role::producer ? producer_part_size
                                                  : 0;
  const auto confirm_head = std::string("BTN\x02\x11", 5);
  for (std::string all; role == Role::consumer ? link_port_ == 0 : broker_instance_.value == 0;) {
    all += notifications_until(confirm_head);
    const auto at = all.rfind(confirm_head);
    REQUIRE_MESSAGE(at != std::string::npos, "no welcome");
    while (all.size() < at + header_size + confirm_head_size + part_size)
      all += notifications_.receive(soon);
    Header header;
    Confirm confirm;
    read_header(all.substr(at), header);
    decode_confirm(payload_of(std::string_view(all).substr(at)), confirm);
    broker_instance_ = header.broker_instance;
    link_port_ = confirm.consumer.link_port;
  }
}

std::string Stranger::notifications_until(std::string_view part) {
  return notifications_.receive_until(part);
}

std::string Stranger::refused() {
  const std::string key = "\"code\":\"";
  auto all = notifications_until(key);
  const auto at = all.find(key) + key.size();
  if (all.empty()) return {};
  while (all.find('"', at) == std::string::npos) all += notifications_.receive(soon);
  return all.substr(at, all.find('"', at) - at);
}

std::string Stranger::message(MessageType type, std::uint16_t count, SeqNo first,
                              std::string_view payload) const {
  std::string bytes(header_size, '\0');
  write_header(bytes.data(), {type, count, broker_instance_, id_, first});
  return bytes += payload;
}

}  // namespace baton::internal::e2e
