// What the clients of a process may share: a libzmq context with its I/O thread, and a thread that
// drives their sockets.
#pragma once

#include <poll.h>
#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>
#include <zmq.hpp>

#include "os/wake.hpp"
#include "proto/limits.hpp"

namespace baton::internal {

/// Something driven by a Runtime's thread.
class Driven {
 public:
  virtual ~Driven() = default;

  /// Does its work and returns when it wants to be called again, besides when a descriptor is
  /// ready; Time::min(): at once. Must not throw.
  virtual Time turn() = 0;
  /// Appends the descriptors to wait for.
  virtual void descriptors(std::vector<pollfd>& items) const = 0;
  /// Takes the results of the wait for them.
  virtual void ready(const pollfd* items) = 0;

 private:
  friend class Runtime;
  std::atomic<bool> woken_{true};
  Time due_ = Time::min();              // used by the thread, like the members below
  std::size_t first_ = 0, behind_ = 0;  // range of its descriptors in the list
};

/// All methods may be called from any thread. Uses three threads (two are libzmq's; none receives
/// signals) and about 16 descriptors; each client in contact uses about 12 more.
class Runtime {
 public:
  /// Throws std::runtime_error if the process has too few descriptors left.
  Runtime();
  /// Everything must have been removed. In a child process, which has none of the threads, it only
  /// abandons them.
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  zmq::context_t& context() { return *context_; }
  /// Throws ClientError (forked) if this process is a child of the one that created it: then it is
  /// unusable.
  void require_own_process() const;

  void add(Driven& driven);
  /// Returns when its current turn is over; it gets no more turns.
  void remove(Driven& driven);
  /// Gives it a turn soon. Never blocks.
  void wake(Driven& driven) {
    driven.woken_ = true;
    wake_.signal();
  }

 private:
  bool forked() const;
  void run();
  void note_ready();
  Time make_turns();
  void list_descriptors();

  const std::uint64_t forks_;
  std::unique_ptr<zmq::context_t> context_;
  Wake wake_;
  std::mutex mutex_;  // guards the members below; held during turns
  std::vector<Driven*> driven_;
  std::uint64_t changes_ = 0;  // changes of driven_
  bool stop_ = false;
  std::vector<pollfd> items_;  // used by the thread
  pthread_t thread_{};         // unlike a std::thread a child may leave it alone
};

}  // namespace baton::internal
