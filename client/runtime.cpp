#include "client/runtime.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <future>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#include "client/error.hpp"
#include "os/forks.hpp"
#include "os/no_signals.hpp"

namespace baton::internal {
namespace {

// libzmq aborts if it runs out of these, so check before.
constexpr std::size_t threads_needed = 3;
constexpr std::size_t files_needed = 32;

/// Opens that many. libzmq reports no error if it has too few at the start.
void require_files() {
  std::vector<int> files;
  while (files.size() < files_needed) {
    const int fd = eventfd(0, EFD_CLOEXEC);
    if (fd < 0) break;
    files.push_back(fd);
  }
  for (const int fd : files) close(fd);
  if (files.size() == files_needed) return;
  throw std::runtime_error("a client needs " + std::to_string(files_needed) +
                           " open files, and this process may open " +
                           std::to_string(files.size()) + " more (raise the limit: ulimit -n)");
}

int milliseconds_until(Time until) {
  if (until == never) return -1;
  const auto now = std::chrono::steady_clock::now();
  if (until <= now) return 0;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
  return static_cast<int>(std::min<std::int64_t>(left, 60'000));
}

/// Starts that many, for the same reason. Throws std::system_error.
void require_threads() {
  std::promise<void> over;
  const auto end = over.get_future().share();
  std::vector<std::thread> threads;
  std::exception_ptr failure;
  try {
    while (threads.size() < threads_needed) threads.emplace_back([end] { end.wait(); });
  } catch (const std::system_error&) {
    failure = std::current_exception();
  }
  over.set_value();
  for (auto& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
}

/// With its threads running, so that their resources were available.
std::unique_ptr<zmq::context_t> make_client_context() {
  const NoSignals none;
  require_files();
  require_threads();
  auto context = std::make_unique<zmq::context_t>(1);
  context->set(zmq::ctxopt::blocky, false);
  const zmq::socket_t first(*context, zmq::socket_type::pair);
  return context;
}

}  // namespace

Runtime::Runtime() : forks_(watch_forks()), context_(make_client_context()) {
  const NoSignals none;
  const auto drive = [](void* runtime) -> void* {
    static_cast<Runtime*>(runtime)->run();
    return nullptr;
  };
  if (const int error = pthread_create(&thread_, nullptr, drive, this))
    throw std::system_error(error, std::generic_category(), "cannot start a thread");
}

Runtime::~Runtime() {
  if (forked()) {  // neither its thread nor libzmq's exist here
    keep_forever(std::move(context_));
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.signal();
  pthread_join(thread_, nullptr);
}

bool Runtime::forked() const { return forks() != forks_; }

void Runtime::require_own_process() const {
  if (forked())
    throw ClientError(ClientError::Kind::forked,
                      "this runtime was made before fork(), and belongs to the parent process: "
                      "make another one here");
}

void Runtime::add(Driven& driven) {
  {
    const std::lock_guard lock(mutex_);
    driven_.push_back(&driven);
    ++changes_;
  }
  wake_.signal();
}

void Runtime::remove(Driven& driven) {
  const std::lock_guard lock(mutex_);
  std::erase(driven_, &driven);
  ++changes_;
}

void Runtime::run() {
  for (std::uint64_t listed = 0;;) {
    Time until = never;
    {
      const std::lock_guard lock(mutex_);
      if (stop_) return;
      if (listed == changes_) note_ready();
      until = make_turns();
      list_descriptors();
      listed = changes_;
    }
    if (poll(items_.data(), items_.size(), milliseconds_until(until)) <= 0)
      for (auto& item : items_) item.revents = 0;
    if (items_.front().revents) wake_.clear();
  }
}

void Runtime::note_ready() {
  for (auto* driven : driven_) {
    const auto begin = items_.begin() + static_cast<std::ptrdiff_t>(driven->first_);
    const auto end = items_.begin() + static_cast<std::ptrdiff_t>(driven->behind_);
    if (std::none_of(begin, end, [](const pollfd& item) { return item.revents != 0; })) continue;
    driven->ready(&*begin);
    driven->woken_ = true;
  }
}

/// Gives a turn to each client that needs one. Returns when the next one is due.
Time Runtime::make_turns() {
  Time until = never;
  const auto now = std::chrono::steady_clock::now();
  for (auto* driven : driven_) {
    if (driven->woken_.exchange(false) || driven->due_ <= now) driven->due_ = driven->turn();
    until = std::min(until, driven->due_);
  }
  return until;
}

void Runtime::list_descriptors() {
  items_.assign(1, {wake_.fd(), POLLIN, 0});
  for (auto* driven : driven_) {
    driven->first_ = items_.size();
    driven->descriptors(items_);
    driven->behind_ = items_.size();
  }
}

}  // namespace baton::internal
