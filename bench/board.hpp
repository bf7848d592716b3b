// Shared memory between the bench and the workers that it starts: what they count, and when they
// are to stop.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace baton::internal::bench {

inline constexpr std::size_t max_workers = 32;
inline constexpr std::size_t max_latencies = 1u << 20;

/// What one worker has put or got so far. Written by that worker only.
struct alignas(64) Tally {
  std::atomic<std::uint64_t> count = 0;
  /// Of mix() over its items: equal for two lots of the same items, in any order.
  std::atomic<std::uint64_t> sum = 0;
};

/// All zero at the start. Only one process, the bench, writes `stop` and `drained`.
struct Board {
  std::atomic<bool> stop = false;  ///< producers put no more
  /// Consumers may leave: all that was put was got, or will never be.
  std::atomic<bool> drained = false;
  /// Of the proxy: where to push, and 16 bits higher where to pull.
  std::atomic<std::uint32_t> ports = 0;
  std::array<Tally, max_workers> put;
  std::array<Tally, max_workers> got;
  std::atomic<std::uint64_t> latency_count = 0;
  std::array<std::int64_t, max_latencies> latencies{};  ///< nanoseconds from put to get, in order
};

/// What several workers have put or got.
struct Total {
  std::uint64_t count = 0;
  std::uint64_t sum = 0;
  bool operator==(const Total&) const = default;
};
Total total(const std::array<Tally, max_workers>& tallies);

/// Maps a board into this process; workers find it by the descriptor, which they inherit.
class SharedBoard {
 public:
  SharedBoard();                 // a new one
  explicit SharedBoard(int fd);  // that of the process which started this one
  ~SharedBoard();
  SharedBoard(const SharedBoard&) = delete;
  SharedBoard& operator=(const SharedBoard&) = delete;

  int fd() const { return fd_; }
  Board* operator->() const { return board_; }
  Board& operator*() const { return *board_; }

 private:
  int fd_;
  Board* board_;
};

/// A number that stands for an item in sums.
constexpr std::uint64_t mix(std::uint64_t producer, std::uint64_t sequence) {
  std::uint64_t x = (producer << 48) + sequence + 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace baton::internal::bench
