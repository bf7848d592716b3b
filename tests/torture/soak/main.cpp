// Steady load while consumers come and go: memory, descriptors and the file of a durable broker
// must not grow.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <deque>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <vector>

#include "cli/command_line.hpp"
#include "tests/support/baton.hpp"
#include "tests/support/inspect.hpp"

namespace {

using namespace baton::internal::e2e;
using namespace std::chrono_literals;

constexpr std::size_t consumers = 6, producers = 3;
constexpr int lines_of_file = 20'000;
constexpr std::uint64_t slack_bytes =
    8u << 20;                            // that anything may grow by after a quarter of the time
constexpr std::size_t slack_files = 12;  // a client that leaves while another one comes

struct Sample {
  double minutes = 0;
  std::uint64_t memory = 0, files = 0, data = 0;
};

void fail(const doctest::AssertData& assertion) {
  throw std::runtime_error(std::string(assertion.m_file) + ": not so: " + assertion.m_expr);
}

std::string lines() {
  std::string text;
  for (int i = 0; i < lines_of_file; ++i) text += std::to_string(i) + std::string(90, '.') + '\n';
  return text;
}

class Load {
 public:
  Load()
      : file_(lines()),
        broker_({"--data", directory_.path() + "/queue", "--console-keep", "1M", "--max-items",
                 "20000"}) {
    for (std::size_t i = 0; i < producers; ++i) start_producer();
    for (std::size_t i = 0; i < consumers; ++i) start_consumer();
  }

  /// One consumer leaves and another one comes; producers that are through are followed by others.
  void turn() {
    if (broker_.process().wait(500ms)) throw std::runtime_error("the broker ended");
    consumers_.front().signal(SIGTERM);
    if (const auto code = consumers_.front().wait(); code != 0)
      throw std::runtime_error("a consumer left with " + std::to_string(code.value_or(-1)));
    consumers_.pop_front();
    start_consumer();
    for (std::size_t i = 0; i < producers; ++i) {
      const auto code = producers_.front().wait(Clock::duration::zero());
      if (code && *code != 0)
        throw std::runtime_error("a producer ended with " + std::to_string(*code));
      if (code)
        start_producer();
      else
        producers_.push_back(std::move(producers_.front()));
      producers_.pop_front();
    }
  }

  Sample sample() {
    const auto data = std::filesystem::file_size(directory_.path() + "/queue/baton.mdb");
    return {0, broker_.process().memory(), open_files(broker_.process().pid()), data};
  }
  std::uint64_t puts() const { return started_ * lines_of_file; }

 private:
  void start_producer() {
    ++started_;
    producers_.push_back(broker_.producer({"--raw", "--sleep", "0:0.001", "--file", file_.path()}));
  }
  void start_consumer() {
    consumers_.push_back(broker_.consumer({"--jobs", "4", "--prefetch", "20"}));
  }

  TemporaryDirectory directory_;
  TemporaryFile file_;
  Broker broker_;
  std::deque<Process> producers_, consumers_;
  std::uint64_t started_ = 0;
};

/// By how much it grows in an hour: least squares.
double slope(const std::vector<Sample>& samples, std::uint64_t Sample::*what) {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (const auto& sample : samples) {
    const double hours = sample.minutes / 60, value = static_cast<double>(sample.*what);
    ++n, x += hours, y += value, xx += hours * hours, xy += hours * value;
  }
  const double divisor = n * xx - x * x;
  return divisor > 0 ? (n * xy - x * y) / divisor : 0;
}

bool flat(const char* name, const std::vector<Sample>& samples, std::uint64_t Sample::*what,
          std::uint64_t slack) {
  const auto less = [what](const Sample& a, const Sample& b) { return a.*what < b.*what; };
  const auto quarter = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 4);
  const auto before = (*std::max_element(samples.begin(), quarter + 1, less)).*what;
  const auto after = (*std::max_element(quarter, samples.end(), less)).*what;
  const bool good = after <= before + slack;
  std::cout << name << ": at most " << before << " in the first quarter, " << after << " later, "
            << static_cast<std::int64_t>(slope({quarter, samples.end()}, what)) << " an hour"
            << (good ? "" : "  GROWS") << '\n';
  return good;
}

bool soak(double minutes) {
  Load load;
  std::vector<Sample> samples;
  const auto begin = Clock::now();
  const auto passed = [&] {
    return std::chrono::duration<double, std::ratio<60>>(Clock::now() - begin).count();
  };
  while (passed() < minutes) {
    load.turn();
    samples.push_back(load.sample());
    samples.back().minutes = passed();
  }
  std::cout << samples.size() << " consumers came and went, " << load.puts()
            << " items were put or begun\n";
  const bool memory = flat("memory, bytes", samples, &Sample::memory, slack_bytes);
  const bool files = flat("descriptors", samples, &Sample::files, slack_files);
  const bool data = flat("file, bytes", samples, &Sample::data, slack_bytes);
  return memory && files && data;
}

}  // namespace

int main(int argc, char** argv) {
  doctest::Context context;
  context.setAsDefaultForAssertsOutOfTestCases();
  context.setAssertHandler(fail);
  baton::internal::cli::CommandLine line(
      "Steady load while consumers come and go: memory, descriptors and file size must stay flat.",
      "soak");
  unsigned minutes = 10;
  line.number("--minutes", minutes, 1, 10'000, "how long");
  if (const auto code = line.parse(argc, argv)) return *code;
  try {
    return soak(minutes) ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << "soak: " << error.what() << '\n';
    return 2;
  }
}
