// People who go about their work while others misbehave: a producer, consumers and a printer of one
// broker.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "proto/limits.hpp"
#include "tests/support/library.hpp"

namespace baton::internal::e2e {

class Bystanders {
 public:
  explicit Bystanders(Broker& broker, int consumers = 2);
  ~Bystanders();

  /// Ends the work, and checks that it was not disturbed: each item done once, at the first
  /// attempt; each line printed; nobody told to wait; none held up for `limit`, which is as long as
  /// a client calls silence.
  void check_undisturbed(Clock::duration limit = session_timeout);

  /// Waits until an item has gone the whole way, to the printer's output, and each consumer has got
  /// one. Call it once.
  bool all_at_work();

  /// Rounds so far: an item put, got, acked, and known to be done.
  std::size_t rounds() const { return rounds_; }

 private:
  void put_and_join();
  void consume(Consumer& consumer);
  void print_one();
  bool each_has_got_one();
  void note(const std::string& notice);
  void end();

  Process printer_;
  std::vector<std::unique_ptr<Consumer>> consumers_;
  std::unique_ptr<Producer> producer_;
  std::atomic<bool> over_ = false;
  std::atomic<std::size_t> rounds_ = 0;
  std::vector<Clock::duration> times_;  // of the rounds
  std::map<std::string, int> printed_;

  std::mutex mutex_;  // guards what follows
  std::map<std::string, int> got_;
  std::set<const Consumer*> at_work_;
  std::vector<std::string> complaints_;

  std::vector<std::thread> threads_;
};

}  // namespace baton::internal::e2e
