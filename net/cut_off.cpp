#include "net/cut_off.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <string>

#include "net/receive.hpp"

namespace baton::internal {
namespace {

/// In libzmq's format of "Peer-Address"; empty if there is no such connection.
std::string peer_address(int fd) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) return {};
  char text[NI_MAXHOST];
  if (getnameinfo(reinterpret_cast<sockaddr*>(&peer), size, text, sizeof text, nullptr, 0,
                  NI_NUMERICHOST) != 0)
    return {};
  return text;
}

}  // namespace

bool cut_off(zmq::message_t& message) {
  const char* peer = peer_of(message);
  const int fd = zmq_msg_get(message.handle(), ZMQ_SRCFD);
  return peer && fd >= 0 && peer_address(fd) == peer && shutdown(fd, SHUT_RDWR) == 0;
}

}  // namespace baton::internal
