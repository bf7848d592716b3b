// The sockets of one client. Makes no decisions.
#pragma once

#include <poll.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "client/address_choice.hpp"
#include "client/lookout.hpp"
#include "client/outbox.hpp"
#include "net/broker_address.hpp"
#include "net/resolver.hpp"
#include "proto/limits.hpp"

namespace baton::internal {

/// A received message or event.
struct Incoming {
  enum class What : std::uint8_t { notification, link, link_up, link_down };
  What what{};
  std::uint32_t generation = 0;  ///< link, link_up, link_down
  zmq::message_t frame;          ///< notification, link
};

/// Used by one thread at a time. Sockets are not checked one by one, which would cost two system
/// calls each. Instead their descriptors are polled; a socket whose descriptor was readable is read
/// until empty. A host name is resolved again whenever sockets are opened, without blocking;
/// AddressChoice selects one of its addresses. Until there is an address, messages are kept.
class ClientSockets {
 public:
  /// `context` must outlive them.
  ClientSockets(zmq::context_t& context, BrokerAddress broker, Resolver::Lookup lookup = resolve);

  /// Closes the link's monitor first: libzmq would wait forever for a reader of its events.
  ~ClientSockets() { close_link(); }
  ClientSockets(const ClientSockets&) = delete;
  ClientSockets& operator=(const ClientSockets&) = delete;

  void perform(const SocketRequest& request);
  void send(TargetEndpoint endpoint, SharedBytes bytes);

  /// Appends the descriptors to wait for; one of them is readable when receive() has something to
  /// do.
  void descriptors(std::vector<pollfd>& items) const;
  /// Takes the results of the wait for those descriptors.
  void ready(const pollfd* items);
  /// When to call receive() at the latest anyway; Time::min(): at once.
  Time next() const;
  /// Appends received messages, up to about a hundred. All messages of a link come before its
  /// link_down.
  void receive(std::vector<Incoming>& incoming);

  /// Why the broker cannot be reached, as far as known; for people. Empty if no problem is known.
  const std::string& trouble() const {
    return unresolved_.empty() ? lookout_.found() : unresolved_;
  }

 private:
  /// A receive-only socket.
  struct Inlet {
    zmq::socket_t socket;
    // Readable when libzmq has work for the socket: not necessarily a message.
    int fd = -1;
    bool ready = false;  // may have messages

    void set(zmq::socket_t made);
    void close();
    bool receive(std::size_t parts, zmq::message_t& last);
  };

  void open();
  void resolved(const Resolved& name);
  void follow_resolver();
  void hand_over(TargetEndpoint endpoint, SharedBytes bytes);
  void note_no_socket(const zmq::error_t& error);
  void connect_link(std::uint32_t generation, std::uint16_t port);
  void make_link(std::uint32_t generation, std::uint16_t port);
  void close_link();
  std::optional<Incoming::What> link_event();
  zmq::socket_t connected(zmq::socket_type type, EndpointPort endpoint);

  BrokerAddress broker_;
  zmq::context_t& context_;
  Resolver resolver_;
  Time resolve_again_ = never;  // set if the name had no address
  std::string unresolved_;      // why there is no address, or no socket
  Lookout lookout_;
  SessionId topic_;
  AddressChoice choice_;
  std::string address_;         // where the open sockets connect to
  std::uint64_t monitors_ = 0;  // created so far: each needs its own name in the context
  std::uint32_t generation_ = 0;
  std::vector<Outbox::Message> waiting_;  // messages that wait for a socket
  std::size_t buffered_bytes_ = 0;
  zmq::socket_t put_, control_;
  Inlet notifications_, link_, monitor_;
};

}  // namespace baton::internal
