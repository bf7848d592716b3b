#include <unistd.h>

#include <iostream>
#include <thread>
#include <vector>

#include "baton/consumer.hpp"
#include "baton/producer.hpp"
#include "tests/e2e/peers/peers.hpp"

namespace baton::internal::e2e {
namespace {

using namespace std::chrono_literals;

void wait_for_end_of_input() {
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
}

template <class Work>
void each_on_its_thread(int count, Work work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i)
    threads.emplace_back([work, i] { work(static_cast<std::size_t>(i)); });
  for (auto& thread : threads) thread.join();
}

baton::Options crowd_options(const std::string& broker) {
  baton::Options options;
  options.broker(broker).connect_timeout(60s).log(
      [](std::int32_t, std::int32_t, const std::string& notice) {
        std::cerr << "waiting: " + notice + "\n";
      });
  return options;
}

}  // namespace

int be_consumers(const std::string& broker, int count) {
  const auto options = crowd_options(broker);
  std::vector<baton::Consumer> consumers;
  for (int i = 0; i < count; ++i) consumers.emplace_back(options);
  std::vector<std::uint64_t> got(consumers.size());
  std::thread stopper([&] {
    wait_for_end_of_input();
    for (auto& consumer : consumers) consumer.close();
  });
  std::cout << "ready" << std::endl;
  each_on_its_thread(count, [&](std::size_t i) {
    while (auto item = consumers[i].get()) {
      item->ack();
      ++got[i];
    }
  });
  stopper.join();
  for (const auto one : got) std::cout << one << '\n';
  return 0;
}

int be_producers(const std::string& broker, int count, int items) {
  const auto options = crowd_options(broker);
  each_on_its_thread(count, [&](std::size_t) {
    baton::Producer producer(options);
    for (int n = 0; n < items; ++n) {
      producer.put("item");
      producer.join();
    }
    producer.close();
  });
  std::cout << "ready" << std::endl;
  return 0;
}

}  // namespace baton::internal::e2e
