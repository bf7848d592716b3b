// A terminal that printers print on, one after the other: it reads as fast or as slowly as it is
// told to, and checks.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/support/baton.hpp"

namespace baton::internal::e2e {

/// What was printed, of lines as test_line() makes them.
struct Printed {
  std::map<std::string, std::uint64_t> last;  ///< by who said them: the highest number so far
  std::uint64_t lines = 0;                    ///< new ones
  std::uint64_t repeated = 0;                 ///< not above the last of the same
  std::uint64_t repeated_bytes = 0;           ///< ... of these lines together
  std::uint64_t missing = 0;                  ///< numbers that were left out
  std::uint64_t cut = 0;                      ///< lines that begin with a piece of another
  std::uint64_t dropped = 0;  ///< blocks, as "[N older blocks of lines dropped by the broker]" says
  std::uint64_t gaps = 0;     ///< times that it said so
  std::vector<std::string> others;  ///< lines of programs
};

class Terminal {
 public:
  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// Starts a printer that prints here.
  Process printer(const Broker& broker);

  /// As fast as anything comes; so many bytes a second, through a small pipe; not at all.
  void read_fast() { read_at(fast); }
  void read_slowly(std::size_t bytes_per_second) { read_at(bytes_per_second); }
  void do_not_read() { read_at(0); }

  /// Waits until `enough` of what was printed. False when it is not by the deadline.
  bool wait(const std::function<bool(const Printed&)>& enough, Clock::duration within = soon);
  Printed printed() const;

 private:
  static constexpr std::size_t fast = SIZE_MAX;
  void read_at(std::size_t bytes_per_second);
  void run();
  void read_some(std::size_t most);
  void add(std::string_view bytes);
  void add_line(std::string_view line);
  void add_test_line(std::string_view line);

  std::string path_;
  int fifo_, wake_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  Printed printed_;
  std::string unfinished_;
  std::size_t pace_ = fast;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace baton::internal::e2e
