// The words that the end-to-end tests are written in: a broker of the test's own, and the programs
// that use it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/process.hpp"

namespace baton::internal::e2e {

using Args = std::vector<std::string>;

/// Sanitizers take memory of their own: then its measures say nothing.
inline constexpr bool memory_counts = BATON_MEMORY_COUNTS;
/// Likewise what takes longer than a few hundred ms.
inline constexpr bool times_count = memory_counts;

/// The number that the environment gives, for longer runs; `otherwise` when it gives none.
std::uint64_t number_of(const char* variable, std::uint64_t otherwise);

/// Starts a program of ours, from the directory that the environment's BATON_BIN names, or the
/// build's own. `under` are words that go before it: of a program that becomes ours.
Process start(const std::string& program, const Args& args, const Args& under = {});
std::string program_path(const std::string& program);

/// A broker process, ready for clients when this is made. At a free port of loopback() and in
/// memory, unless `args` say otherwise.
class Broker {
 public:
  explicit Broker(const Args& args = {}, const Args& under = {});

  Process& process() { return process_; }
  const std::string& address() const { return address_; }  ///< "HOST:PORT"
  std::string port() const { return address_.substr(address_.find(':') + 1); }
  /// From now on clients are told that it is at the same port of `host`.
  void reach_through(const std::string& host);

  Process producer(const Args& args) const { return client("baton-producer", args); }
  Process consumer(const Args& args = {}) const { return client("baton-consumer", args); }
  Process printer() const { return client("baton-printer", {}); }

 private:
  Process client(const std::string& program, Args args) const;

  Process process_;
  std::string address_;
};

/// "PID got NAME" taken apart; a line that is something else gives pid 0.
struct Got {
  pid_t pid = 0;
  std::string name;
  Clock::time_point at{};
};
Got parse_got(const Line& line);

/// The next `count` items that consumers say they got, by what a printer prints. Fewer when they
/// did not come in time.
std::vector<Got> next_got(Process& printer, std::size_t count, Clock::duration within = soon);
std::vector<std::string> names(const std::vector<Got>& got);

/// Waits until the printer has said of each of these that it started.
void require_started(Process& printer, std::string_view role, const std::vector<pid_t>& pids);

/// A file that goes away with this object.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view content);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A directory that goes away with this object, with all that is in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A median of durations, which must not be empty.
Clock::duration median(std::vector<Clock::duration> times);

/// For messages.
double milliseconds(Clock::duration time);

}  // namespace baton::internal::e2e
