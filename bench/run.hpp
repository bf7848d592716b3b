// One run: starts the carrier and the workers, measures a steady window, and checks that each item
// came exactly once.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "bench/link.hpp"

namespace baton::internal::bench {

/// What the broker's queue may hold, so that producers cannot run away from consumers: the proxy's
/// high-water mark does the same.
inline constexpr int queue_limit = 20'000;

struct Setup {
  Way way;                    ///< its address is for run() to find out
  std::size_t producers = 1;  ///< at most max_workers
  std::size_t consumers = 1;
  std::size_t size = 100;  ///< of a body, in bytes
  bool latency = false;    ///< one item at a time, each measured; 1 producer and 1 consumer
  std::chrono::milliseconds window{2000};
  unsigned seed = 1;
};

/// CPU time per item, in µs, by who used it.
struct Cpu {
  double carrier = 0, producers = 0, consumers = 0;
  double total() const { return carrier + producers + consumers; }
};

struct Sample {
  double rate = 0;          ///< items got per second
  double p50 = 0, p99 = 0;  ///< µs from put to get; 0 unless Setup::latency
  Cpu cpu;
  double carrier_memory = 0;  ///< MB at the window's end
};

/// Throws std::runtime_error when something does not start or end, or an item was lost or doubled.
Sample run(const Setup& setup);

/// The value at `part` (0 to 1) of the sorted values; 0 of none.
double quantile(std::vector<double> values, double part);

}  // namespace baton::internal::bench
