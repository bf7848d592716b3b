#include "tests/support/terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "tests/support/test_line.hpp"

namespace baton::internal::e2e {
namespace {

constexpr int small_pipe = 4096;                 // bytes: the least that a pipe holds
constexpr Clock::duration slow_interval = 20ms;  // between two reads of a slow terminal

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// A name for a FIFO that nobody else has.
std::string fifo_path() {
  auto path = (std::filesystem::temp_directory_path() / "baton-terminal-XXXXXX").string();
  if (mkdtemp(path.data()) == nullptr) fail("mkdtemp");
  return path + "/fifo";
}

}  // namespace

Terminal::Terminal() : path_(fifo_path()), wake_(eventfd(0, EFD_CLOEXEC)) {
  if (mkfifo(path_.c_str(), 0600) != 0) fail("mkfifo");
  // It does not end when a printer does.
  fifo_ = open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fifo_ < 0) fail("open");
  thread_ = std::thread([this] { run(); });
}

Terminal::~Terminal() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  eventfd_write(wake_, 1);
  thread_.join();
  close(fifo_);
  close(wake_);
  std::filesystem::remove_all(std::filesystem::path(path_).parent_path());
}

Process Terminal::printer(const Broker& broker) {
  return Process({"/bin/sh", "-c", R"(exec "$0" --broker "$1" > "$2")",
                  program_path("baton-printer"), broker.address(), path_});
}

void Terminal::read_at(std::size_t bytes_per_second) {
  {
    const std::lock_guard lock(mutex_);
    pace_ = bytes_per_second;
    if (pace_ != fast) fcntl(fifo_, F_SETPIPE_SZ, small_pipe);  // not while it holds more than that
  }
  eventfd_write(wake_, 1);
}

bool Terminal::wait(const std::function<bool(const Printed&)>& enough, Clock::duration within) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, within, [&] { return enough(printed_); });
}

Printed Terminal::printed() const {
  const std::lock_guard lock(mutex_);
  return printed_;
}

void Terminal::run() {
  auto next_read = Clock::now();
  for (;;) {
    std::size_t pace = 0;
    {
      const std::lock_guard lock(mutex_);
      if (stop_) return;
      pace = pace_;
    }
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(next_read - Clock::now()).count();
    const bool now = pace == fast || (pace > 0 && left <= 0);
    std::array<pollfd, 2> items{pollfd{wake_, POLLIN, 0}, {now ? fifo_ : -1, POLLIN, 0}};
    poll(items.data(), items.size(), now || pace == 0 ? -1 : static_cast<int>(left));
    eventfd_t value = 0;
    if (items[0].revents) eventfd_read(wake_, &value);
    if (!items[1].revents) continue;
    next_read = Clock::now() + slow_interval;
    read_some(pace == fast ? SIZE_MAX : pace * slow_interval / 1s);
  }
}

void Terminal::read_some(std::size_t most) {
  std::array<char, 65536> buffer;
  const auto got = read(fifo_, buffer.data(), std::min(most, buffer.size()));
  if (got > 0) add({buffer.data(), static_cast<std::size_t>(got)});
}

void Terminal::add(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  for (auto end = bytes.find('\n'); end != bytes.npos; end = bytes.find('\n')) {
    add_line(unfinished_.append(bytes.substr(0, end)));
    unfinished_.clear();
    bytes.remove_prefix(end + 1);
  }
  unfinished_ += bytes;
  changed_.notify_all();
}

void Terminal::add_line(std::string_view line) {
  constexpr std::string_view gap = " of lines dropped by the broker]";
  const bool tells_gap = line.ends_with(gap);
  const auto begin = line.rfind(
      tells_gap ? '[' : '<');  // a printer that was killed may have left a piece before it
  if (begin == line.npos) return printed_.others.emplace_back(line), void();
  printed_.cut += begin > 0;
  if (!tells_gap) return add_test_line(line.substr(begin));
  printed_.dropped += std::stoull(std::string(line.substr(begin + 1)));
  ++printed_.gaps;
}

void Terminal::add_test_line(std::string_view line) {
  const auto written = parse_test_line(line);
  if (!written) return printed_.others.push_back("broken: " + std::string(line.substr(0, 80)));
  auto& last = printed_.last[written->who];
  if (written->number <= last) {
    ++printed_.repeated;
    printed_.repeated_bytes += line.size() + 1;
    return;
  }
  ++printed_.lines;
  printed_.missing += written->number - last - 1;
  last = written->number;
}

}  // namespace baton::internal::e2e
