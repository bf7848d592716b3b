#include "net/standard_streams.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace baton {

void keep_standard_streams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd)
    if (fcntl(fd, F_GETFD) < 0) static_cast<void>(open("/dev/null", O_RDWR));  // gets the lowest one that is free: fd
}

}  // namespace baton
