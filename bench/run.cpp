#include "bench/run.hpp"

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

#include "bench/worker.hpp"
#include "tests/support/process.hpp"

namespace baton::internal::bench {
namespace {

using namespace std::chrono_literals;
using e2e::Process;
using Clock = std::chrono::steady_clock;

std::string this_program() { return std::filesystem::read_symlink("/proc/self/exe"); }

// Looks at a condition that no event tells of, every few milliseconds.
bool eventually(Clock::duration within, const std::function<bool()>& condition) {
  const auto deadline = Clock::now() + within;
  while (!condition()) {
    if (Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

// What a run has reached at one moment.
struct Moment {
  Clock::time_point at;
  std::uint64_t got = 0;
  std::uint64_t latencies = 0;
  std::chrono::nanoseconds carrier{}, producers{}, consumers{};
};

class Run {
 public:
  explicit Run(const Setup& setup) : setup_(setup), baton_(eventfd(0, 0)) {}
  ~Run() {
    close(baton_);
    carrier_.clear();
    if (!data_.empty()) std::filesystem::remove_all(data_);
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Sample measure() {
    start_carrier();
    start_workers();
    wait_until_steady();
    const Moment begin = moment();
    std::this_thread::sleep_for(setup_.window);
    const Moment end = moment();
    Sample sample = between(begin, end);
    sample.carrier_memory = static_cast<double>(carrier_.front().memory()) / 1e6;
    finish();
    return sample;
  }

 private:
  Process worker(Role role, std::size_t index, const std::string& address) {
    Task task{role, board_.fd(), baton_, index, setup_.size, setup_.seed, setup_.way};
    task.way.address = address;
    return Process(to_arguments(this_program(), task));
  }

  void start_carrier() {
    if (setup_.way.proxy) {
      carrier_.push_back(worker(Role::proxy, 0, ""));
      if (!eventually(10s, [this] { return board_->ports != 0; }))
        throw std::runtime_error("the proxy did not start");
      put_to_ = "127.0.0.1:" + std::to_string(board_->ports & 0xffff);
      get_from_ = "127.0.0.1:" + std::to_string(board_->ports >> 16);
    } else {
      const auto broker = std::filesystem::path(this_program()).replace_filename("baton-broker");
      carrier_.push_back(Process(broker_command(broker)));
      put_to_ = get_from_ = ready_address();
    }
  }

  std::vector<std::string> broker_command(const std::string& broker) {
    const auto limit = queue_limit + setup_.way.backlog;
    std::vector<std::string> command{broker, "--port", "0", "--max-items", std::to_string(limit)};
    if (!setup_.way.keep) {
      command.push_back("--memory");
      return command;
    }
    std::string directory = std::filesystem::temp_directory_path() / "baton-bench-XXXXXX";
    if (!mkdtemp(directory.data()))
      throw std::system_error(errno, std::generic_category(), directory);
    data_ = directory;
    command.insert(command.end(), {"--data", directory});
    return command;
  }

  std::string ready_address() {
    const auto line = carrier_.front().out().next_with("127.0.0.1:", 10s);
    if (!line)
      throw std::runtime_error("the broker did not start: " + carrier_.front().err().text());
    const auto port = line->text.find("127.0.0.1:");
    return line->text.substr(port, line->text.find_first_not_of("0123456789", port + 10) - port);
  }

  void start_workers() {
    if (setup_.way.backlog > 0) {
      start_producers();
      if (!eventually(60s, [this] { return total(board_->put).count >= setup_.way.backlog; }))
        throw std::runtime_error("the backlog was not put" + complaints());
    }
    for (std::size_t i = 0; i < setup_.consumers; ++i)
      consumers_.push_back(worker(setup_.latency ? Role::pong : Role::consumer, i, get_from_));
    if (setup_.way.backlog == 0) start_producers();
  }

  void start_producers() {
    for (std::size_t i = 0; i < setup_.producers; ++i)
      producers_.push_back(worker(setup_.latency ? Role::ping : Role::producer, i, put_to_));
  }

  void wait_until_steady() {
    const auto all_get = [this] {
      return std::all_of(board_->got.begin(),
                         board_->got.begin() + static_cast<std::ptrdiff_t>(setup_.consumers),
                         [](const Tally& tally) { return tally.count > 0; });
    };
    if (!eventually(20s, all_get))
      throw std::runtime_error("some consumer got nothing" + complaints());
    std::this_thread::sleep_for(std::clamp<Clock::duration>(setup_.window / 2, 200ms, 1s));
  }

  Moment moment() {
    return {Clock::now(),       total(board_->got).count, board_->latency_count,
            cpu_time(carrier_), cpu_time(producers_),     cpu_time(consumers_)};
  }

  static std::chrono::nanoseconds cpu_time(const std::vector<Process>& processes) {
    std::chrono::nanoseconds all{};
    for (const Process& process : processes) all += process.cpu_time();
    return all;
  }

  Sample between(const Moment& begin, const Moment& end) const {
    Sample sample;
    const auto items = static_cast<double>(end.got - begin.got);
    if (items == 0) throw std::runtime_error("nothing moved" + complaints());
    const auto per_item = [items](auto nanoseconds) {
      return static_cast<double>(nanoseconds.count()) / 1e3 / items;
    };
    sample.rate = items / std::chrono::duration<double>(end.at - begin.at).count();
    sample.cpu = {per_item(end.carrier - begin.carrier), per_item(end.producers - begin.producers),
                  per_item(end.consumers - begin.consumers)};
    if (setup_.latency) add_latency(sample, begin.latencies, end.latencies);
    return sample;
  }

  void add_latency(Sample& sample, std::uint64_t first, std::uint64_t last) const {
    std::vector<double> micros;
    for (std::uint64_t i = first; i < last; ++i)
      micros.push_back(static_cast<double>(board_->latencies[i]) / 1e3);
    sample.p50 = quantile(micros, 0.50);
    sample.p99 = quantile(micros, 0.99);
  }

  void finish() {
    board_->stop = true;
    end_all(producers_, "producer");
    const Total put = total(board_->put);
    while (total(board_->got).count < put.count) {
      const std::uint64_t before = total(board_->got).count;
      if (!eventually(10s, [&] { return total(board_->got).count > before; })) break;
    }
    board_->drained = true;
    end_all(consumers_, "consumer");
    const Total got = total(board_->got);
    if (got != put)
      throw std::runtime_error(std::to_string(put.count) + " items put, " +
                               std::to_string(got.count) + " got, or not the same ones" +
                               complaints());
    end_carrier();
  }

  void end_all(std::vector<Process>& processes, const std::string& what) {
    for (Process& process : processes)
      if (process.wait(60s) != 0)
        throw std::runtime_error("a " + what + " did not end well" + complaints());
  }

  void end_carrier() {
    if (setup_.way.proxy) return;  // it has no end of its own
    carrier_.front().signal(SIGTERM);
    if (carrier_.front().wait(10s) != 0)
      throw std::runtime_error("the broker did not end well" + complaints());
    if (setup_.way.keep)
      std::printf("%s", carrier_.front().err().text().c_str());  // how much of it was written
  }

  // What the processes had to say on stderr.
  std::string complaints() const {
    std::string all;
    for (const auto* processes : {&carrier_, &producers_, &consumers_})
      for (const Process& process : *processes) all += "\n" + process.err().text();
    return all;
  }

  Setup setup_;
  SharedBoard board_;
  int baton_;
  std::string put_to_, get_from_;
  std::filesystem::path data_;  // of a durable broker
  std::vector<Process> carrier_, producers_, consumers_;
};

}  // namespace

Sample run(const Setup& setup) { return Run(setup).measure(); }

double quantile(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  const auto nth =
      values.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), nth, values.end());
  return *nth;
}

}  // namespace baton::internal::bench
