#include "printer/program/output.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>

namespace baton::internal {

Output::Output(int fd, const Wake& stop, std::function<void()> on_gone)
    : fd_(fd), stop_(stop), watcher_([this, gone = std::move(on_gone)] { watch(gone); }) {}

Output::~Output() {
  end_.signal();
  watcher_.join();
}

/// A pipe reports POLLERR to its writer when the reader has gone, even without a write.
void Output::watch(const std::function<void()>& on_gone) const {
  pollfd items[] = {{fd_, 0, 0}, {end_.fd(), POLLIN, 0}};
  while (poll(items, 2, -1) < 0 && errno == EINTR) {
  }
  if (items[0].revents & (POLLERR | POLLHUP)) on_gone();
}

std::size_t Output::write(std::string_view bytes) {
  std::size_t written = 0;
  while (written < bytes.size() && wait_writable()) {
    // A writable pipe accepts this much without blocking.
    const auto part = bytes.substr(written, PIPE_BUF);
    const auto taken = ::write(fd_, part.data(), part.size());
    if (taken >= 0)
      written += static_cast<std::size_t>(taken);
    else if (errno == EPIPE)
      return written;
    else if (errno != EINTR && errno != EAGAIN)
      throw std::system_error(errno, std::generic_category());
  }
  return written;
}

/// Returns false if it was stopped, and did not become writable since.
bool Output::wait_writable() {
  using namespace std::chrono;
  for (;;) {
    const bool stopped = until_ != steady_clock::time_point::max();
    const auto left =
        stopped ? std::max(ceil<milliseconds>(until_ - steady_clock::now()), milliseconds(0))
                : milliseconds(-1);
    pollfd items[] = {{fd_, POLLOUT, 0}, {stop_.fd(), POLLIN, 0}};
    const int ready = poll(items, stopped ? 1 : 2, static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR)
      throw std::system_error(errno, std::generic_category(), "poll");
    if (ready > 0 && items[0].revents) return true;
    if (ready == 0) return false;
    if (ready > 0) until_ = steady_clock::now() + time_limit;
  }
}

}  // namespace baton::internal
