// The shell around a client's pure logic: its sockets, which a Runtime's thread drives, and the
// lock that users' threads share with it.
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

/// Users' threads hold lock() while they call the logic, and call changed() before they let go of
/// it if the logic may have something to send. What has gathered by the time the thread comes round
/// goes out together.
class Connection final : private Driven {
 public:
  using Lock = std::unique_lock<std::mutex>;

  /// `logic` must outlive the connection. nullptr: a runtime of its own, which throws when the
  /// process has not enough files left.
  Connection(BrokerAddress broker, ClientLogic& logic, std::shared_ptr<Runtime> runtime);
  /// Closes the sockets, at once: close the session first.
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Every use of a client begins here. Throws ClientError (forked) in a child process, before it
  /// touches a lock that a thread of the parent's may have held.
  Lock lock() {
    if (forked()) throw_forked();
    return Lock(mutex_);
  }
  /// Whether this process is a child of the one that made the connection. Then it is only to be
  /// left alone: see left_alone().
  bool forked() const { return forks() != forks_; }

  /// The thread is to look at the logic. Costs nothing while it is at work. Requires the lock.
  void changed() {
    looked_ = false;
    if (std::exchange(asleep_, false)) runtime_->wake(*this);
  }

  /// changed(), and waits until what the logic has to send was handed to the sockets.
  void send_now(Lock& lock);

  /// Waits until the logic has changed, notify() was called, or `until`. May return without a
  /// reason. Rethrows what ended its turns, if something did.
  void wait(Lock& lock, Time until = never);
  /// The same for a call of the user's: throws ClientError (interrupted) when interrupt() was
  /// called meanwhile, or before and no call has said so yet.
  void wait_interruptibly(Lock& lock, Time until = never);
  /// Makes all wait()s return. Requires the lock.
  void notify();

  /// Ends the wait_interruptibly()s of now, or else the next one. May be called by a signal
  /// handler. Does nothing in a child process.
  void interrupt();

  /// Readable when wait() would have returned; take_event() makes it unreadable. From the first
  /// call on. Requires the lock.
  int event_fd();
  void take_event() {
    if (event_) event_->clear();
  }

  const BrokerAddress& broker() const { return broker_; }
  /// Why the broker cannot be reached, as far as that is known; else empty. Requires the lock.
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

  const std::uint64_t forks_ = forks();
  const Time started_ = now();
  const BrokerAddress broker_;
  ClientLogic& logic_;
  const std::shared_ptr<Runtime> runtime_;
  // The thread's only.
  ClientSockets sockets_;
  Outbox out_;
  std::vector<Incoming> incoming_;
  std::uint64_t interrupts_seen_ = 0;
  std::atomic<std::uint64_t> interrupts_ = 0;
  std::mutex mutex_;  // guards logic_ and what follows
  std::condition_variable changed_, sent_;
  std::optional<Wake> event_;          // once the user has asked for it
  std::uint64_t interrupts_told_ = 0;  // the last one that a call has said
  bool asleep_ = false;                // the thread will not look at the logic unless woken
  bool looked_ = false;                // the thread has seen the last change
  bool sending_ = false;               // the thread is handing over what the logic had to send
  std::string trouble_;
  std::exception_ptr failure_;
};

/// Lets go of a client's insides in a child process: its threads are not there, its locks may be
/// held by one of them, and what its sockets said would be taken for the parent's. They stay where
/// they are, for good.
template <class Impl>
void left_alone(std::unique_ptr<Impl>& impl) {
  struct One {
    Impl* impl;
    One* next;
  };
  static constinit std::atomic<One*> all = nullptr;  // so that they are not taken for a leak
  if (!impl->connection.forked()) return;
  auto* one = new One{impl.release(), all};
  while (!all.compare_exchange_weak(one->next, one)) {
  }
}

}  // namespace baton::internal
