// Decides which clients may connect: a handler of ZeroMQ's authentication protocol (ZAP, RFC 27)
// for sockets that ask for a name and a password (ZMTP's PLAIN, RFC 24).
#pragma once

#include <optional>
#include <string>
#include <zmq.hpp>

namespace baton::internal::broker {

/// A client's request to connect.
struct AuthRequest {
  std::string request;  ///< its ZAP request id, for the answer
  std::string domain;   ///< of the socket to connect to
  std::string user;
  std::string password;
};

/// The context's only handler; it belongs to the broker's thread. Requests with other mechanisms
/// are denied here.
class ZapHandler {
 public:
  explicit ZapHandler(zmq::context_t& context);

  /// The next request, if any. Answer it before asking for another.
  std::optional<AuthRequest> next();
  void answer(const AuthRequest& request, bool admitted);
  zmq::socket_ref socket() { return socket_; }

 private:
  zmq::socket_t socket_;
};

}  // namespace baton::internal::broker
