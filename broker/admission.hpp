// Who may connect: a handler of ZeroMQ's authentication protocol (ZAP, RFC 27) for sockets that ask
// for a name and a password (ZMTP's PLAIN, RFC 24).
#pragma once

#include <optional>
#include <string>
#include <zmq.hpp>

namespace baton::broker {

/// Somebody who wants to connect.
struct Knock {
  std::string request;  ///< ZAP's name for it, for the answer
  std::string domain;   ///< of the socket knocked at
  std::string user;
  std::string password;
};

/// The context's one handler; it belongs to the broker's one thread. Requests of another mechanism
/// are denied here.
class Admission {
 public:
  explicit Admission(zmq::context_t& context);

  /// The next request, if there is one. Each is to be answered before the next is asked for.
  std::optional<Knock> next();
  void answer(const Knock& knock, bool admitted);
  zmq::socket_ref socket() { return socket_; }

 private:
  zmq::socket_t socket_;
};

}  // namespace baton::broker
