#include "tests/support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace baton::internal::e2e {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

struct Pipe {
  Pipe() {
    if (pipe2(ends.data(), O_CLOEXEC) != 0) fail("pipe");
  }
  int& read_end() { return ends[0]; }
  int& write_end() { return ends[1]; }
  std::array<int, 2> ends{};
};

void close_fd(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}

// In the child, between fork and exec: only what is safe there while other threads stood still in
// the midst of things.
[[noreturn]] void become(char* const* argv, pid_t parent, int in, int out, int err) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  ::signal(SIGPIPE, SIG_DFL);
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  execv(argv[0], argv);
  _exit(127);
}

std::vector<char*> c_strings(const std::vector<std::string>& argv) {
  std::vector<char*> pointers;
  pointers.reserve(argv.size() + 1);
  for (const std::string& arg : argv) pointers.push_back(const_cast<char*>(arg.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Polls until something is ready. False when the deadline passed first.
bool wait_ready(pollfd* fds, nfds_t count, Clock::time_point deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    const int ready = poll(fds, count, static_cast<int>(std::max<std::int64_t>(0, left.count())));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) fail("poll");
    if (ready == 0 && Clock::now() >= deadline) return false;
  }
}

}  // namespace

std::optional<Line> Output::next(Clock::duration within) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, within, [this] { return taken_ < lines_.size() || ended_; });
  if (taken_ == lines_.size()) return std::nullopt;
  return lines_[taken_++];
}

std::optional<Line> Output::next_with(std::string_view part, Clock::duration within) {
  const auto deadline = Clock::now() + within;
  while (auto line = next(deadline - Clock::now())) {
    if (line->text.find(part) != std::string::npos) return line;
  }
  return std::nullopt;
}

std::vector<Line> Output::lines() const {
  std::lock_guard lock(mutex_);
  return {lines_.begin(), lines_.end()};
}

std::string Output::text() const {
  std::lock_guard lock(mutex_);
  std::string all;
  for (const Line& line : lines_) all += line.text + '\n';
  return all + unfinished_;
}

std::string Output::unfinished() const {
  std::lock_guard lock(mutex_);
  return unfinished_;
}

void Output::add(std::string_view bytes) {
  const auto now = Clock::now();
  std::lock_guard lock(mutex_);
  for (auto end = bytes.find('\n'); end != bytes.npos; end = bytes.find('\n')) {
    lines_.push_back({unfinished_.append(bytes.substr(0, end)), now});
    unfinished_.clear();
    bytes.remove_prefix(end + 1);
  }
  unfinished_ += bytes;
  changed_.notify_all();
}

void Output::end() {
  std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

bool Output::wait_end(Clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, deadline, [this] { return ended_; });
}

Process::Process(const std::vector<std::string>& argv) : state_(std::make_unique<State>()) {
  Pipe in, out, err;
  const std::vector<char*> args = c_strings(argv);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) fail("fork");
  if (pid == 0) become(args.data(), parent, in.read_end(), out.write_end(), err.write_end());
  for (int* end : {&in.read_end(), &out.write_end(), &err.write_end()}) close_fd(*end);
  state_->pid = pid;
  state_->pid_fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (state_->pid_fd < 0) fail("pidfd_open");
  state_->input = in.write_end();
  state_->streams[0] = out.read_end();
  state_->streams[1] = err.read_end();
  state_->reader = std::thread([state = state_.get()] { state->read_streams(); });
}

Process::~Process() = default;

Process::State::State() : stop(eventfd(0, EFD_CLOEXEC)) {}

// A grandchild may still hold the streams open: the reader is told to leave rather than waited for.
Process::State::~State() {
  if (pid > 0 && !status) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  eventfd_write(stop, 1);
  if (reader.joinable()) reader.join();
  for (int* fd : {&input, &pid_fd, &stop, &streams[0], &streams[1]}) close_fd(*fd);
}

void Process::State::read_some(int& fd, Output& output) {
  std::array<char, 65536> buffer;
  const ssize_t got = read(fd, buffer.data(), buffer.size());
  if (got > 0) return output.add({buffer.data(), static_cast<std::size_t>(got)});
  close_fd(fd);
  output.end();
}

void Process::State::read_streams() {
  while (streams[0] >= 0 || streams[1] >= 0) {
    std::array<pollfd, 3> fds = {
        pollfd{streams[0], POLLIN, 0}, {streams[1], POLLIN, 0}, {stop, POLLIN, 0}};
    wait_ready(fds.data(), fds.size(), Clock::now() + 1h);
    if (fds[2].revents != 0) return;
    if (fds[0].revents != 0) read_some(streams[0], out);
    if (fds[1].revents != 0) read_some(streams[1], err);
  }
}

void Process::write(std::string_view text) {
  ::signal(SIGPIPE, SIG_IGN);
  while (!text.empty()) {
    const ssize_t written = ::write(state_->input, text.data(), text.size());
    if (written < 0) fail("write");
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void Process::close_input() { close_fd(state_->input); }

void Process::signal(int number) {
  if (!state_->status) kill(state_->pid, number);
}

std::optional<int> Process::wait(Clock::duration within) {
  const auto deadline = Clock::now() + within;
  if (!state_->status) {
    pollfd ended{state_->pid_fd, POLLIN, 0};
    if (!wait_ready(&ended, 1, deadline)) return std::nullopt;
    int status = 0;
    if (waitpid(state_->pid, &status, 0) < 0) fail("waitpid");
    state_->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  if (!state_->out.wait_end(deadline) || !state_->err.wait_end(deadline)) return std::nullopt;
  return state_->status;
}

std::chrono::nanoseconds Process::cpu_time() const {
  clockid_t clock = 0;
  timespec used{};
  if (clock_getcpuclockid(state_->pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
    fail("no CPU clock");
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

namespace {

/// In bytes; 0 where the process does not have it.
std::size_t memory_of(pid_t pid, std::string_view wanted) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string key; status >> key;) {
    std::size_t kilobytes = 0;
    if (key == wanted && status >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

}  // namespace

std::size_t Process::memory() const {
  if (const auto bytes = memory_of(state_->pid, "RssAnon:"); bytes > 0) return bytes;
  throw std::runtime_error("no RssAnon of process " + std::to_string(state_->pid));
}

std::size_t Process::peak_memory() const { return memory_of(state_->pid, "VmHWM:"); }

std::size_t occurrences(std::string_view text, std::string_view words) {
  std::size_t count = 0;
  for (auto at = text.find(words); at != text.npos; at = text.find(words, at + 1)) ++count;
  return count;
}

}  // namespace baton::internal::e2e
