#include "net/sockets.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "proto/limits.hpp"

namespace baton::internal {
namespace {

// Measured with libzmq 4.3.4: a link, with all the connections of its consumer, takes 6
// descriptors.
constexpr rlim_t files_per_socket = 6;
constexpr rlim_t files_besides = 64;

constexpr int milliseconds(Duration time) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

rlim_t raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (limit.rlim_cur < limit.rlim_max) {
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return before;
  }
  return limit.rlim_cur;
}

}  // namespace

zmq::context_t make_context(int io_threads, int sockets) {
  const rlim_t needed = static_cast<rlim_t>(sockets) * files_per_socket + files_besides;
  const rlim_t limit = raise_file_limit();
  if (limit != RLIM_INFINITY && limit < needed)
    throw std::runtime_error(std::to_string(sockets) + " sockets need " + std::to_string(needed) +
                             " open files, but this process may open " + std::to_string(limit) +
                             " (raise the hard limit: ulimit -Hn)");
  zmq::context_t context(io_threads);
  context.set(zmq::ctxopt::max_sockets, std::max(sockets, 64));
  context.set(zmq::ctxopt::blocky, false);
  return context;
}

std::uint64_t files_possible() { return raise_file_limit(); }

int sockets_possible(int wanted) {
  const rlim_t limit = raise_file_limit();
  if (limit == RLIM_INFINITY ||
      limit >= static_cast<rlim_t>(wanted) * files_per_socket + files_besides)
    return wanted;
  return limit > files_besides ? static_cast<int>((limit - files_besides) / files_per_socket) : 0;
}

zmq::socket_t make_socket(zmq::context_t& context, zmq::socket_type type) {
  zmq::socket_t socket(context, type);
  socket.set(zmq::sockopt::rcvhwm, 0);
  if (type == zmq::socket_type::push) socket.set(zmq::sockopt::sndhwm, 0);
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::ipv6, true);
  socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(max_message));
  socket.set(zmq::sockopt::connect_timeout, milliseconds(tcp_connect_within));
  socket.set(zmq::sockopt::reconnect_ivl, milliseconds(reconnect_soonest));
  socket.set(zmq::sockopt::reconnect_ivl_max, milliseconds(reconnect_latest));
  socket.set(zmq::sockopt::handshake_ivl, 3000);
  socket.set(zmq::sockopt::backlog, 1024);
  socket.set(zmq::sockopt::tcp_keepalive, 1);
  socket.set(zmq::sockopt::tcp_keepalive_idle, 5);
  socket.set(zmq::sockopt::tcp_keepalive_intvl, 2);
  socket.set(zmq::sockopt::tcp_keepalive_cnt, 3);
  socket.set(zmq::sockopt::tcp_maxrt, 8000);
  return socket;
}

}  // namespace baton::internal
