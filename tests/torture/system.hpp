// What is tortured: a durable broker, behind a relay that breaks connections; producers with
// names, workers.
#pragma once

#include <filesystem>
#include <list>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/support/baton.hpp"
#include "tests/support/relay.hpp"
#include "tests/support/small_disk.hpp"
#include "tests/torture/account.hpp"

namespace baton::internal::torture {

/// Each rests for a minute when its link has broken.
inline constexpr std::size_t delivery_ports = 1000;
/// It listens at each, for the broker.
inline constexpr std::uint64_t files_needed = 2 * delivery_ports;

struct Settings {
  std::uint64_t seed = 1;
  std::chrono::seconds time{30};
  bool memory = false;  ///< the broker keeps nothing: the accounting must find what is lost
};

/// How often what was done.
struct Done {
  std::size_t broker_kills = 0, broker_stops = 0, worker_kills = 0, worker_stops = 0,
              producer_kills = 0, fenced = 0, full_disks = 0, resets = 0, silences = 0;
};

/// Puts numbered items under its name from a file that grows each time it was put. A run that is
/// killed is followed by another one.
class Feeder {
 public:
  Feeder(std::string name, std::filesystem::path directory, const e2e::Broker& broker);

  void start();
  void kill();
  /// A second process of the name, which fences the first.
  void double_up();
  /// Goes on when its process has ended. A word for what should not have been; empty when all is
  /// well.
  std::string tend();
  /// After what the file has now comes a last short part, whose run waits until all is done.
  void finish() { finishing_ = true; }
  bool finished() const { return finished_; }
  /// What was attempted, and what the exit code 0 of its process confirmed.
  void testify(Evidence& evidence) const;
  e2e::Process& process() { return *process_; }

 private:
  void append();
  std::string item(int part, int line) const;
  bool last() const { return parts_.back() == lines_of_last; }

  static constexpr int lines_of_part = 500, lines_of_last = 10;
  std::string name_;
  std::filesystem::path path_;
  const e2e::Broker& broker_;
  std::vector<int> parts_;  // lines of each; all but the last one are confirmed
  std::optional<e2e::Process> process_;
  std::list<e2e::Process> fenced_;
  bool killed_ = false, finishing_ = false, finished_ = false;
};

struct Worker {
  std::string name;  ///< of this process
  std::filesystem::path log;
  e2e::Process process;
};

class System {
 public:
  System(Settings settings, const std::filesystem::path& directory);

  /// Tortures for as long as the settings say; heals; waits until all is done and everybody has
  /// left.
  void run();

  Evidence evidence() const;
  const Done& done() const { return done_; }
  const std::vector<std::string>& problems() const { return problems_; }
  const std::string& why_not_full() const { return disk_.why_not(); }

 private:
  struct Stopped {
    pid_t pid;
    Clock::time_point until;
  };

  void start_broker();
  void start_worker(std::size_t place);
  void trouble();
  void kill_broker();
  void note(const std::string& kind, const std::string& target, Clock::time_point from,
            Clock::time_point to);
  void note_what_broker_printed();
  void kill_worker(std::size_t place);
  void stop(pid_t pid, const std::string& target, Clock::duration time);
  void tend(bool all_now);
  void heal();
  void end();
  bool chance(int per_mille) { return static_cast<int>(random_() % 1000) < per_mille; }
  Clock::duration draw(std::chrono::milliseconds min, std::chrono::milliseconds max);
  void problem(std::string what) { problems_.push_back(std::move(what)); }

  const Settings settings_;
  const std::filesystem::path directory_;
  std::mt19937_64 random_;
  e2e::SmallDisk disk_;
  e2e::Relay relay_;
  std::optional<e2e::Broker> broker_;
  std::string port_ = "0";
  std::vector<std::unique_ptr<Feeder>> feeders_;
  std::vector<std::optional<Worker>> workers_;
  std::vector<std::filesystem::path> logs_;
  std::vector<Fault> faults_;
  std::vector<Note> notes_;
  std::vector<Stopped> stopped_;
  Clock::time_point full_until_ = Clock::time_point::max();
  Done done_;
  std::vector<std::string> problems_;
};

}  // namespace baton::internal::torture
