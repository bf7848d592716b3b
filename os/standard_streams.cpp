#include "os/standard_streams.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>

namespace baton::internal {
namespace {

bool was_open(int fd) {
  if (fcntl(fd, F_GETFD) >= 0) return true;
  static_cast<void>(open("/dev/null", O_RDWR));  // gets the lowest free one: fd
  return false;
}

}  // namespace

StandardStreams keep_standard_streams() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  StandardStreams streams;
  streams.in = was_open(STDIN_FILENO);
  streams.out = was_open(STDOUT_FILENO);
  streams.err = was_open(STDERR_FILENO);
  return streams;
}

}  // namespace baton::internal
