// Calls that may block for too long, on a thread of their own.
#pragma once

#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "os/no_signals.hpp"
#include "os/wake.hpp"

namespace baton::internal {

/// One task at a time. A task that is still running when this object is destroyed continues alone,
/// so it must own everything it uses. All methods are for one thread.
template <class Result>
class Background {
 public:
  Background() : shared_(std::make_shared<Shared>()) {}

  bool busy() const { return busy_; }
  /// Readable when take() has a result.
  int fd() const { return shared_->done.fd(); }

  /// Requires !busy(). `task` must not throw. If no thread can be created, it runs at once.
  template <class Task>
  void begin(Task task) {
    busy_ = true;
    const auto work = [shared = shared_, task = std::move(task)] { shared->finish(task()); };
    try {
      start(work);
    } catch (const std::system_error&) {
      work();
    }
  }

  /// Like begin(), for a result known at once.
  void done(Result result) {
    busy_ = true;
    shared_->finish(std::move(result));
  }

  /// The task's result, once.
  std::optional<Result> take() {
    const std::lock_guard lock(shared_->mutex);
    if (!shared_->result) return std::nullopt;
    shared_->done.clear();
    busy_ = false;
    return std::exchange(shared_->result, std::nullopt);
  }

 private:
  struct Shared {
    std::mutex mutex;
    std::optional<Result> result;
    Wake done;

    void finish(Result made) {
      const std::lock_guard lock(mutex);
      result = std::move(made);
      done.signal();
    }
  };

  template <class Work>
  static void start(const Work& work) {
    const NoSignals none;
    std::thread(work).detach();
  }

  std::shared_ptr<Shared> shared_;
  bool busy_ = false;
};

}  // namespace baton::internal
