// A client made of raw peers: it stands like any other, and then says what it likes.
#pragma once

#include <string>

#include "proto/greeting.hpp"
#include "proto/message.hpp"
#include "tests/support/baton.hpp"
#include "tests/support/raw_peer.hpp"

namespace baton::internal::e2e {

inline std::uint16_t port_of(const Broker& broker) {
  return static_cast<std::uint16_t>(std::stoi(broker.port()));
}

class Stranger {
 public:
  /// Says hello, and is welcomed.
  Stranger(const Broker& broker, Role role);

  const SessionId& id() const { return id_; }
  BrokerInstance broker_instance() const { return broker_instance_; }
  std::uint16_t link_port() const { return link_port_; }  ///< a consumer's

  void put(std::string_view frame) { put_.send(zmtp::frame(frame)); }
  void control(std::string_view frame) { control_.send(zmtp::frame(frame)); }
  /// Waits for a refusal, and gives its code; empty when none comes.
  std::string refused();

  /// A message of the session: `payload` as `type`, with a header that says so.
  std::string message(MessageType type, std::uint16_t count, SeqNo first,
                      std::string_view payload) const;

 private:
  std::string notifications_until(std::string_view part);

  SessionId id_ = random_session();
  BrokerInstance broker_instance_;
  std::uint16_t link_port_ = 0;
  RawPeer notifications_, control_, put_;
};

}  // namespace baton::internal::e2e
