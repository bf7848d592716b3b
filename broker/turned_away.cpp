#include "broker/turned_away.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <mutex>

#include "broker/received_limit.hpp"

namespace baton::internal::broker {
namespace {

std::atomic<std::uint64_t> shown_out = 0;

int system_accept(int listener, sockaddr* address, socklen_t* length, int flags) {
  return static_cast<int>(syscall(SYS_accept4, listener, address, length, flags));
}

bool is_of_the_last(int fd) {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
         static_cast<rlim_t>(fd) + reserved_files >= limit.rlim_cur;
}

/// For libzmq this looks like a connection that broke before it was accepted.
int show_out(int fd) {
  close(fd);
  ++shown_out;
  errno = ECONNABORTED;
  return -1;
}

/// A spare descriptor, given up for a moment when there is no other.
class Spare {
 public:
  template <class Use>
  int instead(Use use) {
    const std::lock_guard lock(mutex_);
    if (fd_ < 0) take();
    if (fd_ < 0) {  // another thread was faster
      poll(nullptr, 0, 10);
      errno = EMFILE;
      return -1;
    }
    close(fd_);
    const int result = use();
    const int error = errno;
    take();
    errno = error;
    return result;
  }

 private:
  void take() { fd_ = open("/dev/null", O_RDONLY | O_CLOEXEC); }

  std::mutex mutex_;
  int fd_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
};

Spare spare;

}  // namespace

std::uint64_t turned_away() { return shown_out; }

}  // namespace baton::internal::broker

/// Replaces the C library's function, also for libzmq.
extern "C" __attribute__((visibility("default"))) int accept4(int listener, sockaddr* address,
                                                              socklen_t* length, int flags) {
  using namespace baton::internal::broker;
  const int fd = system_accept(listener, address, length, flags);
  if (fd >= 0) {
    if (is_of_the_last(fd)) return show_out(fd);
    note_accepted(fd);
    return fd;
  }
  if (errno != EMFILE && errno != ENFILE) return fd;
  return spare.instead([&] {
    const int last = system_accept(listener, address, length, flags);
    return last < 0 ? last : show_out(last);
  });
}
