// Who may connect: a handler of ZeroMQ's authentication protocol (ZAP, RFC 27) for sockets that ask
// for a name and a password (ZMTP's PLAIN, RFC 24).
#pragma once

#include <optional>
#include <string>
#include <zmq.hpp>

namespace baton::internal::broker {

/// A client that wants to connect.
struct AuthRequest {
  std::string request;  ///< ZAP's name for it, for the answer
  std::string domain;   ///< of the socket it wants to connect to
  std::string user;
  std::string password;
};

/// The context's one handler; it belongs to the broker's one thread. Requests of another mechanism
/// are denied here.
class ZapHandler {
 public:
  explicit ZapHandler(zmq::context_t& context);

  /// The next request, if there is one. Each is to be answered before the next is asked for.
  std::optional<AuthRequest> next();
  void answer(const AuthRequest& request, bool admitted);
  zmq::socket_ref socket() { return socket_; }

 private:
  zmq::socket_t socket_;
};

}  // namespace baton::internal::broker
