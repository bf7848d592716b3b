// Wakes a thread that polls: an eventfd.
#pragma once

#include <atomic>

namespace baton::internal {

/// signal() may be called from any thread, repeatedly; fd() is readable until clear(). The
/// signalling side changes the data first, then signals; the polling side clears first, then looks
/// at the data.
class Wake {
 public:
  Wake();  ///< throws std::system_error when no descriptor is left
  ~Wake();
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;

  int fd() const { return fd_; }
  /// Costs one atomic operation if it is signalled already.
  void signal() {
    if (!signalled_.exchange(true)) write_one();
  }
  void clear();

 private:
  void write_one() const;

  int fd_;
  std::atomic<bool> signalled_ = false;
};

}  // namespace baton::internal
