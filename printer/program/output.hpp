// A printer's output: a descriptor whose reader may be slow, stuck, or gone.
#pragma once

#include <chrono>
#include <functional>
#include <string_view>
#include <thread>

#include "os/wake.hpp"

namespace baton::internal {

/// For one thread. The process must ignore SIGPIPE.
class Output {
 public:
  /// `on_gone` is called when the reader has gone, by a thread that ends with this object. Does not
  /// close the descriptor.
  Output(int fd, const Wake& stop, std::function<void()> on_gone);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  /// Writes `bytes` and returns how many were written: fewer if the reader has gone, or has not
  /// taken them within `time_limit` after `stop` was signalled. Throws std::system_error for other
  /// errors.
  std::size_t write(std::string_view bytes);

 private:
  static constexpr std::chrono::milliseconds time_limit{1000};

  bool wait_writable();
  void watch(const std::function<void()>& on_gone) const;

  int fd_;
  const Wake& stop_;
  std::chrono::steady_clock::time_point until_ = std::chrono::steady_clock::time_point::max();
  Wake end_;
  std::thread watcher_;
};

}  // namespace baton::internal
