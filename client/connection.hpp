// The shell around a client's pure logic: its sockets, driven by a Runtime's thread, and the lock
// shared with users' threads.
#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "client/client_sockets.hpp"
#include "client/logic.hpp"
#include "client/runtime.hpp"
#include "os/forks.hpp"
#include "os/wake.hpp"

namespace baton::internal {

/// Users' threads hold lock() while they call the logic, and call changed() before they release it
/// if the logic may have something to send. Whatever has accumulated when the thread runs is sent
/// together.
class Connection final : private Driven {
 public:
  using Lock = std::unique_lock<std::mutex>;

  /// `logic` must outlive the connection. If `runtime` is nullptr it creates its own, and throws if
  /// the process has too few descriptors left.
  Connection(BrokerAddress broker, ClientLogic& logic, std::shared_ptr<Runtime> runtime);
  /// Closes the sockets at once: close the session first.
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Every use of a client begins here. Throws ClientError (forked) in a child process, before it
  /// touches a lock that a thread of the parent may have held.
  Lock lock() {
    if (forked()) throw_forked();
    return Lock(mutex_);
  }
  /// Whether this process is a child of the one that created the connection. Then only left_alone()
  /// may be called.
  bool forked() const { return forks() != forks_; }

  /// Makes the thread look at the logic. Cheap while it is busy. Requires the lock.
  void changed() {
    looked_ = false;
    if (std::exchange(asleep_, false)) runtime_->wake(*this);
  }

  /// Calls changed(), and waits until the logic's messages were passed to the sockets.
  void send_now(Lock& lock);

  /// Waits until the logic has changed, notify() was called, or `until`. May return spuriously.
  /// Rethrows the exception that ended the thread's work, if any.
  void wait(Lock& lock, Time until = never);
  /// The same for a call by the user: throws ClientError (interrupted) if interrupt() was called
  /// meanwhile, or earlier and not reported by a call yet.
  void wait_interruptibly(Lock& lock, Time until = never);
  /// Wakes all wait()s. Requires the lock.
  void notify();

  /// Ends all current wait_interruptibly()s, or else the next one. May be called by a signal
  /// handler. Does nothing in a child process.
  void interrupt();

  /// Readable when wait() would have returned, from the first call on; take_event() resets it.
  /// Requires the lock.
  int event_fd();
  void take_event() {
    if (event_) event_->clear();
  }

  const BrokerAddress& broker() const { return broker_; }
  /// Why the broker cannot be reached, as far as known; else empty. Requires the lock.
  const std::string& trouble() const { return trouble_; }
  Time started() const { return started_; }
  static Time now() { return std::chrono::steady_clock::now(); }

 private:
  [[noreturn]] static void throw_forked();
  Time turn() override;
  void descriptors(std::vector<pollfd>& items) const override { sockets_.descriptors(items); }
  void ready(const pollfd* items) override { sockets_.ready(items); }
  Time look();
  void perform(Outbox& out);
  void pass_on(const Incoming& incoming, Time now);

  const std::uint64_t forks_ = watch_forks();
  const Time started_ = now();
  const BrokerAddress broker_;
  ClientLogic& logic_;
  const std::shared_ptr<Runtime> runtime_;
  // Used by the thread only.
  ClientSockets sockets_;
  Outbox out_;
  std::vector<Incoming> incoming_;
  std::uint64_t interrupts_seen_ = 0;
  std::atomic<std::uint64_t> interrupts_ = 0;
  std::mutex mutex_;  // guards logic_ and the members below
  std::condition_variable changed_, sent_;
  std::optional<Wake> event_;          // created when the user asks for it
  std::uint64_t interrupts_told_ = 0;  // the last one reported by a call
  bool asleep_ = false;                // the thread must be woken to look at the logic
  bool looked_ = false;                // the thread has seen the last change
  bool sending_ = false;               // the thread is passing messages of the logic to the sockets
  std::string trouble_;
  std::exception_ptr failure_;
};

/// Abandons a client's internals in a child process: its threads do not exist there, they may have
/// held its locks, and messages from its sockets would be taken for the parent's. The memory is
/// never freed.
template <class Impl>
void left_alone(std::unique_ptr<Impl>& impl) {
  if (impl->connection.forked()) keep_forever(std::move(impl));
}

}  // namespace baton::internal
