// The sockets of one client, and nothing that decides anything.
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

/// Something that came in.
struct Incoming {
  enum class What : std::uint8_t { notification, link, link_up, link_down };
  What what{};
  std::uint32_t generation = 0;  ///< link, link_up, link_down
  zmq::message_t frame;          ///< notification, link
};

/// Used by one thread at a time. Sockets are not asked one by one whether something has come in:
/// that costs two system calls each. Instead their descriptors are polled; one that was readable is
/// read until it is dry. A host name is resolved again whenever sockets are opened, without
/// blocking; which of several addresses they go to says AddressChoice. Until it has one, messages
/// are kept.
class ClientSockets {
 public:
  /// `context` must outlive them.
  ClientSockets(zmq::context_t& context, BrokerAddress broker, Resolver::Lookup lookup = resolve);

  /// The link's monitor ends first: libzmq would wait for ever for a reader of its events.
  ~ClientSockets() { close_link(); }
  ClientSockets(const ClientSockets&) = delete;
  ClientSockets& operator=(const ClientSockets&) = delete;

  void perform(const SocketRequest& request);
  void send(TargetEndpoint endpoint, SharedBytes bytes);

  /// Appends the descriptors to wait for: one of them is readable when there is something to
  /// receive.
  void descriptors(std::vector<pollfd>& items) const;
  /// The same, after the wait.
  void ready(const pollfd* items);
  /// When to receive() at the latest all the same; Time::min(): at once.
  Time next() const;
  /// Appends what has come in, up to some hundred messages: of the link everything before its going
  /// down.
  void receive(std::vector<Incoming>& incoming);

  /// Why the broker cannot be reached, as far as that is known: for people. Empty: nothing is known
  /// to be wrong.
  const std::string& trouble() const {
    return unresolved_.empty() ? lookout_.found() : unresolved_;
  }

 private:
  /// A socket that is only received from.
  struct Inlet {
    zmq::socket_t socket;
    // Readable when libzmq has something to do for the socket: not necessarily a message.
    int fd = -1;
    bool ready = false;  // not known to be dry

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
  Time resolve_again_ = never;  // the name had no address
  std::string unresolved_;      // why there is none, or no socket
  Lookout lookout_;
  SessionId topic_;
  AddressChoice choice_;
  std::string address_;         // where the open sockets connect to
  std::uint64_t monitors_ = 0;  // made so far: each needs a name of its own in the context
  std::uint32_t generation_ = 0;
  std::vector<Outbox::Message> waiting_;  // there is no socket for them yet
  std::size_t buffered_bytes_ = 0;
  zmq::socket_t put_, control_;
  Inlet notifications_, link_, monitor_;
};

}  // namespace baton::internal
