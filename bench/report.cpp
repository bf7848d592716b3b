#include "bench/report.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>

namespace baton::internal::bench {
namespace {

struct Result {
  std::string name;
  Way way;
  std::vector<Sample> samples = {};  // one a round
};

double median(const std::vector<Sample>& samples, double (*value)(const Sample&)) {
  std::vector<double> values(samples.size());
  std::transform(samples.begin(), samples.end(), values.begin(), value);
  return quantile(values, 0.5);
}

double rate(const Sample& sample) { return sample.rate; }
double p50(const Sample& sample) { return sample.p50; }

// How a result compares with the yardstick: by rate, and by latency where that is measured.
double ratio(const Result& result, const Result& yardstick, bool latency) {
  const auto value = latency ? p50 : rate;
  const double one = median(yardstick.samples, value);
  return one == 0 ? 0 : median(result.samples, value) / one;
}

void print_rate(const std::vector<Sample>& samples) {
  std::vector<double> rates(samples.size());
  std::transform(samples.begin(), samples.end(), rates.begin(),
                 [](const Sample& s) { return s.rate / 1e3; });
  std::printf("%9.1f %9.1f %9.1f", quantile(rates, 0.5), quantile(rates, 0), quantile(rates, 1));
}

void print_latency(const std::vector<Sample>& samples, bool measured) {
  if (!measured) {
    std::printf(" %7s %7s", "-", "-");
  } else {
    std::printf(" %7.0f %7.0f", median(samples, p50),
                median(samples, [](const Sample& s) { return s.p99; }));
  }
}

void print_cpu(const std::vector<Sample>& samples) {
  std::printf(" %8.2f %8.2f %8.2f %8.2f",
              median(samples, [](const Sample& s) { return s.cpu.carrier; }),
              median(samples, [](const Sample& s) { return s.cpu.producers; }),
              median(samples, [](const Sample& s) { return s.cpu.consumers; }),
              median(samples, [](const Sample& s) { return s.cpu.total(); }));
}

void print(const Result& result, const Result& yardstick, bool latency) {
  std::printf("%-36s ", result.name.c_str());
  if (result.samples.empty()) {
    std::printf("failed\n");
    return;
  }
  print_rate(result.samples);
  std::printf(" %6.2f", ratio(result, yardstick, latency));
  print_latency(result.samples, latency);
  print_cpu(result.samples);
  std::printf(" %8.1f\n", median(result.samples, [](const Sample& s) { return s.carrier_memory; }));
  std::fflush(stdout);
}

bool add_sample(Result& result, const Setup& setup) {
  try {
    result.samples.push_back(run(setup));
    return true;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", result.name.c_str(), error.what());
    return false;
  }
}

}  // namespace

void print_heading() {
  std::printf(
      "thousand items per second: median, least, most of the rounds; ratio to the first line of a "
      "group "
      "(its p50 for latency)\nlatency put to get: p50 and p99 in us; CPU in us per item; carrier: "
      "proxy or broker\n\n");
  std::printf("%-36s %9s %9s %9s %6s %7s %7s %8s %8s %8s %8s %8s\n", "name", "k/s", "min", "max",
              "ratio", "p50", "p99", "carrier", "producer", "consumer", "all", "MB");
  std::fflush(stdout);
}

bool hold(const Contest& contest, int rounds, const std::vector<std::string>& only) {
  const auto name_of = [&](const Contestant& contestant) {
    return contest.name + "/" + contestant.name;
  };
  const auto is_meant = [&](const std::string& name, const std::string& text) {
    const bool is_name =
        std::any_of(contest.contestants.begin(), contest.contestants.end(),
                    [&](const auto& contestant) { return name_of(contestant) == text; });
    return is_name ? name == text : name.find(text) != name.npos;
  };
  std::vector<Result> results;
  for (const Contestant& contestant : contest.contestants) {
    const auto name = name_of(contestant);
    if (only.empty() || std::any_of(only.begin(), only.end(),
                                    [&](const auto& text) { return is_meant(name, text); }))
      results.push_back({name, contestant.way});
  }
  bool clean = true;
  for (int round = 0; round < rounds; ++round) {
    for (Result& result : results) {
      Setup setup = contest.setup;
      setup.way = result.way;
      clean &= add_sample(result, setup);
    }
  }
  for (const Result& result : results) print(result, results.front(), contest.setup.latency);
  return clean;
}

}  // namespace baton::internal::bench
