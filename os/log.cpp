#include "os/log.hpp"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "proto/counted.hpp"
#include "proto/visible.hpp"

namespace baton::internal {
namespace {

/// Returns how much was written before the descriptor refused.
std::size_t write_all(int fd, std::string_view text) {
  std::size_t written = 0;
  while (written < text.size()) {
    const auto taken = write(fd, text.data() + written, text.size() - written);
    pollfd item{fd, POLLOUT, 0};
    if (taken > 0)
      written += static_cast<std::size_t>(taken);
    else if (taken < 0 && errno == EAGAIN)
      poll(&item, 1, -1);
    else if (taken == 0 || errno != EINTR)
      break;
  }
  return written;
}

}  // namespace

struct Log::State {
  explicit State(int descriptor) : fd(descriptor) {}

  void run();
  void write_one(std::unique_lock<std::mutex>& lock);

  const int fd;
  std::mutex mutex;  // guards the members below
  std::condition_variable changed;
  struct Line {
    std::string text;
    std::uint64_t missing;  // lines before it that were left out for lack of room
  };
  std::deque<Line> waiting;
  std::size_t bytes = 0;  // in `waiting`
  bool started = false, stop = false;
  bool writing = false;
  bool cut = false;             // the last line has no end
  std::uint64_t unwritten = 0;  // lines that the descriptor refused since the last one written
  std::uint64_t no_room = 0;    // lines left out for lack of room since the last one accepted
  std::uint64_t left_out = 0;   // of both kinds, in total
};

void Log::State::run() {
  std::unique_lock lock(mutex);
  for (;;) {
    changed.wait(lock, [this] { return stop || !waiting.empty(); });
    if (waiting.empty()) return;
    write_one(lock);
    changed.notify_all();
  }
}

void Log::State::write_one(std::unique_lock<std::mutex>& lock) {
  const auto line = std::move(waiting.front());
  waiting.pop_front();
  bytes -= line.text.size();
  const auto missing = line.missing + unwritten;
  auto note = std::string(cut ? "\n" : "");
  if (missing > 0)
    note += "[" + counted(missing, "line") + (missing == 1 ? " is" : " are") + " missing here]\n";
  writing = true;
  lock.unlock();
  const auto noted = write_all(fd, note);
  const auto written = noted == note.size() ? write_all(fd, line.text) : 0;
  lock.lock();
  writing = false;
  if (noted > 0) cut = noted < note.size();
  if (written > 0) cut = written < line.text.size();
  unwritten = noted == note.size() ? 0 : missing;
  if (written == line.text.size()) return;
  ++unwritten;
  ++left_out;
}

/// Returns false if no thread can be started: then the lines keep waiting.
bool Log::start(const std::shared_ptr<State>& state) {
  // Signals are for other threads; with them blocked, a reader that has gone makes write() fail
  // instead of ending the process.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  bool started = true;
  try {
    std::thread([state] { state->run(); }).detach();
  } catch (const std::system_error&) {
    started = false;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return started;
}

Log::Log(int fd) : state_(std::make_shared<State>(fd)) {}

Log::~Log() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop = true;
    state_->changed.notify_all();
  }
  flush();
}

void Log::line(std::string_view text) { add(visible(text) + '\n'); }

void Log::raw(std::string text) { add(std::move(text)); }

void Log::add(std::string text) {
  const std::lock_guard lock(state_->mutex);
  if (state_->bytes + text.size() > waiting_bytes) {
    ++state_->left_out;
    ++state_->no_room;
    return;
  }
  state_->bytes += text.size();
  state_->waiting.push_back({std::move(text), std::exchange(state_->no_room, 0)});
  state_->changed.notify_all();
  if (!state_->started) state_->started = start(state_);
}

void Log::flush() {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_for(lock, time_limit,
                           [this] { return state_->waiting.empty() && !state_->writing; });
}

std::uint64_t Log::left_out() const {
  const std::lock_guard lock(state_->mutex);
  return state_->left_out;
}

Log& stderr_log() {
  // Never destroyed: other threads may still log while the process exits.
  static auto& log = []() -> Log& {
    std::atexit([] { stderr_log().flush(); });
    return *new Log(STDERR_FILENO);
  }();
  return log;
}

}  // namespace baton::internal
