#include <sys/resource.h>

#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "consumer/consumer.hpp"
#include "tests/e2e/peers/peers.hpp"

namespace baton::internal::e2e {
namespace {

ConsumerOptions options_for(const std::string& broker) {
  ConsumerOptions options;
  options.broker = parse_broker_address(broker);
  return options;
}

/// A loop without a catch in it. Returns the exit code.
int get_items(const std::string& broker, const std::string& how) {
  Consumer consumer(options_for(broker));
  while (const auto item = consumer.get()) {
    if (item->body == "poison") {
      if (how == "throws") throw std::runtime_error("poison");
      if (how == "returns") return 1;
      std::exit(1);
    }
    consumer.ack(*item);
  }
  return 0;
}

int run_handlers(const std::string& broker) {
  Consumer consumer(options_for(broker));
  consumer.run([&](const Item& item) {
    if (item.body == "poison") std::exit(1);
    return Outcome::done();
  });
  return 0;
}

}  // namespace

namespace {

void run_aborting(const ConsumerOptions& options, int jobs) {
  Consumer consumer(options);
  RunOptions run;
  run.jobs = static_cast<std::uint32_t>(jobs);
  consumer.run(
      [](const Item& item) {
        if (item.body == "poison") std::abort();
        return Outcome::done();
      },
      run);
}

}  // namespace

int be_aborting_worker(const std::string& broker, int prefetch, int jobs, int consumers) {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  auto options = options_for(broker);
  options.prefetch = static_cast<std::uint32_t>(prefetch);
  std::vector<std::jthread> threads;
  for (int i = 1; i < consumers; ++i) threads.emplace_back([&] { run_aborting(options, jobs); });
  run_aborting(options, jobs);
  return 0;
}

int be_worker(const std::string& broker, const std::string& how) {
  try {
    return how == "exits-in-handler" ? run_handlers(broker) : get_items(broker, how);
  } catch (const std::runtime_error& error) {
    std::cerr << "worker: " << error.what() << '\n';
    return 1;
  }
}

}  // namespace baton::internal::e2e
