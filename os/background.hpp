// Calls that may block for longer than anybody wants to wait, on a thread of their own.
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

/// One task at a time. A task that is under way when this object goes is left to itself: it must
/// own all that it uses. All methods are for one thread.
template <class Result>
class Background {
 public:
  Background() : shared_(std::make_shared<Shared>()) {}

  bool busy() const { return busy_; }
  /// Readable when take() has something to give.
  int fd() const { return shared_->done.fd(); }

  /// Requires !busy(). `task` throws nothing. Where no thread can be made it is done at once.
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

  /// As begin(), for what is known at once.
  void done(Result result) {
    busy_ = true;
    shared_->finish(std::move(result));
  }

  /// What came of the task, once.
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
