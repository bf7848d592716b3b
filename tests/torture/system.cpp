#include "tests/torture/system.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <sstream>

#include "proto/limits.hpp"

namespace baton::internal::torture {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t producers = 3, workers = 4;
constexpr std::uint64_t disk_bytes = 160u << 20;
constexpr auto turn = 100ms;
constexpr auto connection_faults_every = 400ms;
constexpr auto time_limit = 120s;  // for the end of all that is under way
/// After a stop ends, what was held back by it comes: an item may go elsewhere until then.
constexpr auto aftermath = 1s;

Event::What what_of(const std::string& word) {
  if (word == "got") return Event::What::got;
  if (word == "acked") return Event::What::acked;
  if (word == "late") return Event::What::late;
  return word == "failed" ? Event::What::failed : Event::What::released;
}

void read_log(const std::filesystem::path& path, Evidence& evidence) {
  std::ifstream in(path);
  std::string line, word, item;
  while (std::getline(in, line)) {
    std::istringstream words(line);
    Event event;
    Clock::rep at = 0;
    words >> word >> at >> event.attempt >> item;
    event.what = what_of(word);
    event.at = Clock::time_point(Clock::duration(at));
    event.worker = path.stem();
    evidence.events[item].push_back(event);
  }
}

}  // namespace

System::System(Settings settings, const std::filesystem::path& directory)
    : settings_(settings),
      directory_(directory),
      random_(settings.seed),
      disk_(directory / "data", disk_bytes),
      relay_(delivery_ports),
      workers_(workers) {
  start_broker();
  for (std::size_t i = 0; i < producers; ++i)
    feeders_.push_back(std::make_unique<Feeder>("P" + std::to_string(i + 1), directory_, *broker_));
  for (std::size_t i = 0; i < workers; ++i) start_worker(i);
}

void System::start_broker() {
  e2e::Args args{"--delivery-ports", relay_.delivery_ports(), "--port", port_};
  if (!settings_.memory) args.insert(args.end(), {"--data", (disk_.path() / "queue").string()});
  broker_.emplace(args);
  if (port_ == "0") relay_.open_endpoints(static_cast<std::uint16_t>(std::stoi(broker_->port())));
  port_ = broker_->port();
  broker_->reach_through(e2e::Relay::here());
}

void System::start_worker(std::size_t place) {
  const auto name = "W" + std::to_string(place + 1) + "-" + std::to_string(logs_.size() + 1);
  logs_.push_back(directory_ / (name + ".log"));
  workers_[place].emplace(
      Worker{name, logs_.back(),
             e2e::start("torture-worker",
                        {broker_->address(), logs_.back().string(), std::to_string(random_())})});
}

Clock::duration System::draw(std::chrono::milliseconds min, std::chrono::milliseconds max) {
  return std::chrono::milliseconds(
      std::uniform_int_distribution<std::int64_t>(min.count(), max.count())(random_));
}

// --- faults --------------------------------------------------------------------------------------

void System::trouble() {
  const std::size_t place = random_() % workers;
  auto& feeder = *feeders_[random_() % producers];
  if (chance(22)) kill_broker();
  if (chance(6)) ++done_.broker_stops, stop(broker_->process().pid(), the_broker, draw(100ms, 5s));
  if (chance(60)) kill_worker(place);
  if (chance(25))
    ++done_.worker_stops,
        stop(workers_[place]->process.pid(), workers_[place]->name, draw(100ms, 6s));
  if (chance(40)) ++done_.producer_kills, feeder.kill();
  if (chance(10)) ++done_.fenced, feeder.double_up();
  if (chance(8) && disk_.can_fill() && full_until_ == Clock::time_point::max()) {
    ++done_.full_disks;
    disk_.fill();
    full_until_ = Clock::now() + draw(200ms, 3s);
  }
}

void System::kill_broker() {
  ++done_.broker_kills;
  broker_->process().signal(SIGKILL);
  if (!broker_->process().wait()) problem("the broker outlived SIGKILL");
  const auto from = Clock::now();
  note_what_broker_printed();
  start_broker();
  note("kill", the_broker, from, Clock::now() + reclaim_window + aftermath);
}

void System::note(const std::string& kind, const std::string& target, Clock::time_point from,
                  Clock::time_point to) {
  faults_.push_back({kind, target, from, to});
  notes_.push_back({from, target + ": " + kind});
}

void System::note_what_broker_printed() {
  for (const auto& line : broker_->process().err().lines()) notes_.push_back({line.at, line.text});
}

void System::kill_worker(std::size_t place) {
  auto& worker = *workers_[place];
  ++done_.worker_kills;
  worker.process.signal(SIGKILL);
  note("kill", worker.name, Clock::now(), Clock::now());
  if (!worker.process.wait()) problem(worker.name + " outlived SIGKILL");
  start_worker(place);
}

void System::stop(pid_t pid, const std::string& target, Clock::duration time) {
  if (kill(pid, SIGSTOP) != 0) return;
  const auto until = Clock::now() + time;
  stopped_.push_back({pid, until});
  note("stop", target, Clock::now(), until + turn + aftermath);
}

/// Sees to what has ended, and to what is due.
void System::tend(bool all_now) {
  const auto now = Clock::now();
  std::erase_if(stopped_, [&](const Stopped& stopped) {
    if (!all_now && now < stopped.until) return false;
    kill(stopped.pid, SIGCONT);  // it may have been killed meanwhile
    return true;
  });
  if (full_until_ != Clock::time_point::max() && (all_now || now >= full_until_)) {
    disk_.make_room();
    full_until_ = Clock::time_point::max();
  }
  for (auto& feeder : feeders_)
    if (auto what = feeder->tend(); !what.empty()) problem(what);
  for (auto& worker : workers_)
    if (const auto code = worker->process.wait(Clock::duration::zero())) {
      problem(worker->name + " ended with " + std::to_string(*code) + ": " +
              worker->process.err().text());
      start_worker(static_cast<std::size_t>(&worker - workers_.data()));
    }
  if (const auto code = broker_->process().wait(turn)) {
    problem("the broker ended with " + std::to_string(*code) + ": " +
            broker_->process().err().text());
    note_what_broker_printed();
    start_broker();
    note("end", the_broker, now, Clock::now() + reclaim_window + aftermath);
  }
}

// --- the run -------------------------------------------------------------------------------------

void System::run() {
  e2e::Trouble channels;
  channels.seed = random_();
  channels.every = connection_faults_every;
  channels.faults = static_cast<std::size_t>(settings_.time / connection_faults_every);
  relay_.disturb(channels);
  for (const auto until = Clock::now() + settings_.time; Clock::now() < until;) {
    trouble();
    tend(false);
  }
  heal();
  end();
}

void System::heal() {
  tend(true);
  if (!relay_.wait_calm(time_limit)) problem("the relay did not become calm");
  const auto troubled = relay_.troubled();
  for (const auto& counts : troubled.of) {
    done_.resets += counts.resets;
    done_.silences += counts.silences;
  }
  for (const auto& [at, what] : troubled.history) notes_.push_back({at, what});
}

void System::end() {
  const auto deadline = Clock::now() + time_limit;
  const auto finished = [](const auto& feeder) { return feeder->finished(); };
  for (auto& feeder : feeders_) feeder->finish();
  while (!std::all_of(feeders_.begin(), feeders_.end(), finished)) {
    tend(true);
    if (Clock::now() < deadline) continue;
    problem("not all was done in time");
    break;
  }
  for (auto& worker : workers_) worker->process.signal(SIGTERM);
  for (auto& worker : workers_)
    if (worker->process.wait() != 0)
      problem(worker->name + " did not leave: " + worker->process.err().text());
  broker_->process().signal(SIGTERM);
  const auto code = broker_->process().wait();
  note_what_broker_printed();
  if (code != 0) problem("the broker did not end: " + broker_->process().err().text());
  if (settings_.memory) return;
  auto check = e2e::start("baton-broker", {"--check", "--data", (disk_.path() / "queue").string()});
  if (check.wait() != 0) problem("--check: " + check.err().text());
}

Evidence System::evidence() const {
  Evidence evidence;
  evidence.faults = faults_;
  evidence.notes = notes_;
  for (const auto& feeder : feeders_) feeder->testify(evidence);
  for (const auto& log : logs_) read_log(log, evidence);
  return evidence;
}

}  // namespace baton::internal::torture
