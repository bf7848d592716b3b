// What the clients of a process may share: a context of libzmq's with its I/O thread, and a thread
// that drives their sockets.
#pragma once

#include <poll.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>
#include <zmq.hpp>

#include "os/wake.hpp"
#include "proto/limits.hpp"

namespace baton::internal {

/// Something that its thread drives.
class Driven {
 public:
  virtual ~Driven() = default;

  /// Does what there is to do, and says when it wants to be called again, besides when a descriptor
  /// is ready: Time::min() is at once. Throws nothing.
  virtual Time turn() = 0;
  /// Appends the descriptors to wait for.
  virtual void descriptors(std::vector<pollfd>& items) const = 0;
  /// The same, after the wait.
  virtual void ready(const pollfd* items) = 0;

 private:
  friend class Runtime;
  std::atomic<bool> woken_{true};
  Time due_ = Time::min();              // of the thread's, as what follows
  std::size_t first_ = 0, behind_ = 0;  // its descriptors, in the list
};

/// All methods may be called from any thread. It takes three threads (two are libzmq's, without
/// signals) and some 16 descriptors; each client in it some 12 more when it is in contact.
class Runtime {
 public:
  /// Throws std::runtime_error when the process has too few descriptors left.
  Runtime();
  /// All that it drove was removed. In a child process, which has none of its threads, it only lets
  /// go.
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  zmq::context_t& context() { return *context_; }
  /// Whether this process is a child of the one that made it: then it is of no use.
  bool forked() const;

  void add(Driven& driven);
  /// Returns when its turn is over; there is no other one.
  void remove(Driven& driven);
  /// It is to have a turn soon. Never blocks.
  void wake(Driven& driven) {
    driven.woken_ = true;
    wake_.signal();
  }

 private:
  void run();
  void note_ready();
  Time make_turns();
  void list_descriptors();

  const std::uint64_t forks_;
  std::unique_ptr<zmq::context_t> context_;
  Wake wake_;
  std::mutex mutex_;  // guards what follows; held while turns are made
  std::vector<Driven*> driven_;
  std::uint64_t changes_ = 0;  // of that list
  bool stop_ = false;
  std::vector<pollfd> items_;  // of the thread
  std::thread thread_;
};

}  // namespace baton::internal
