// The threads of Consumer::run().
#pragma once

#include <cxxabi.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "os/forks.hpp"
#include "os/no_signals.hpp"

namespace baton::internal {

/// Several threads, including the one that calls run(), that run the same body.
class Crew {
 public:
  /// `on_error` is called as soon as a body throws.
  Crew(std::function<void()> body, std::function<void()> on_error)
      : body_(std::move(body)), on_error_(std::move(on_error)) {}

  /// Returns when all bodies have ended, and rethrows the first of their exceptions.
  void run(std::uint32_t count) {
    try {
      for (std::uint32_t i = 1; i < count; ++i) add();
    } catch (const std::system_error&) {  // no threads left
      note_error();
    }
    try {
      guarded();
    } catch (const abi::__forced_unwind&) {  // the caller's thread is being ended, and run() with
                                             // it
      on_error_();
      join();
      throw;
    }
    join();
    if (error_) std::rethrow_exception(error_);
  }

 private:
  void add() {
    const NoSignals none;
    const std::lock_guard lock(mutex_);
    threads_.emplace_back([this] {
      try {
        guarded();
      } catch (const abi::__forced_unwind&) {  // another thread takes its place
        try {
          add();
        } catch (...) {
          note_error();
        }
        throw;
      }
    });
  }

  void guarded() {
    try {
      body_();
    } catch (const abi::__forced_unwind&) {
      throw;
    } catch (...) {
      note_error();
    }
  }

  void note_error() {
    {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::current_exception();
    }
    on_error_();
  }

  /// A thread that ends has added its replacement before.
  void join() {
    if (forks() != forks_) return left_behind();
    for (std::size_t i = 0;; ++i) {
      std::unique_lock lock(mutex_);
      if (i == threads_.size()) return;
      auto thread = std::move(threads_[i]);
      lock.unlock();
      thread.join();
    }
  }

  /// A body has created this process by fork(): none of the threads exist here.
  void left_behind() {
    keep_forever(std::make_unique<std::vector<std::thread>>(std::move(threads_)));
  }

  const std::function<void()> body_, on_error_;
  const std::uint64_t forks_ = forks();
  std::mutex mutex_;  // guards the members below
  std::exception_ptr error_;
  std::vector<std::thread> threads_;
};

}  // namespace baton::internal
