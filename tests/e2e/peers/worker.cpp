#include <sys/resource.h>

#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "baton/consumer.hpp"
#include "tests/e2e/peers/peers.hpp"

namespace baton::internal::e2e {
namespace {

baton::Options worker_options(const std::string& broker) {
  baton::Options options;
  options.broker(broker);
  return options;
}

/// A loop without a catch in it. Returns the exit code.
int get_items(const std::string& broker, const std::string& how) {
  baton::Consumer consumer(worker_options(broker));
  while (auto item = consumer.get()) {
    if (item->body() == "poison") {
      if (how == "throws") throw std::logic_error("poison");
      if (how == "returns") return 1;
      std::exit(1);
    }
    item->ack();
  }
  return 0;
}

int run_handlers(const std::string& broker) {
  baton::Consumer consumer(worker_options(broker));
  consumer.run([&](const baton::Item& item) {
    if (item.body() == "poison") std::exit(1);
  });
  return 0;
}

void run_aborting(const baton::Options& options, int jobs) {
  baton::Consumer consumer(options);
  baton::RunOptions run;
  run.jobs = static_cast<std::uint32_t>(jobs);
  consumer.run(
      [](const baton::Item& item) {
        if (item.body() == "poison") std::abort();
      },
      run);
}

}  // namespace

int be_aborting_worker(const std::string& broker, int prefetch, int jobs, int consumers) {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  auto options = worker_options(broker);
  options.prefetch(static_cast<std::uint32_t>(prefetch));
  std::vector<std::jthread> threads;
  for (int i = 1; i < consumers; ++i) threads.emplace_back([&] { run_aborting(options, jobs); });
  run_aborting(options, jobs);
  return 0;
}

int be_worker(const std::string& broker, const std::string& how) {
  try {
    return how == "exits-in-handler" ? run_handlers(broker) : get_items(broker, how);
  } catch (const std::logic_error& error) {
    std::cerr << "worker: " << error.what() << '\n';
    return 1;
  }
}

}  // namespace baton::internal::e2e
