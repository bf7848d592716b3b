#include <unistd.h>

#include <iostream>
#include <memory>
#include <thread>
#include <vector>

#include "consumer/consumer.hpp"
#include "producer/producer.hpp"
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

}  // namespace

int be_consumers(const std::string& broker, int count) {
  ConsumerOptions options;
  options.broker = parse_broker_address(broker);
  options.connect_timeout = 60s;
  options.on_notice = [](const std::string& notice) { std::cerr << "waiting: " + notice + "\n"; };
  std::vector<std::unique_ptr<Consumer>> consumers;
  for (int i = 0; i < count; ++i) consumers.push_back(std::make_unique<Consumer>(options));
  std::vector<std::uint64_t> got(consumers.size());
  std::thread stopper([&] {
    wait_for_end_of_input();
    for (auto& consumer : consumers) consumer->stop();
  });
  std::cout << "ready" << std::endl;
  each_on_its_thread(count, [&](std::size_t i) {
    while (const auto item = consumers[i]->get()) {
      consumers[i]->ack(item->id);
      ++got[i];
    }
    consumers[i]->close();
  });
  stopper.join();
  for (const auto one : got) std::cout << one << '\n';
  return 0;
}

int be_producers(const std::string& broker, int count, int items) {
  ProducerOptions options;
  options.broker = parse_broker_address(broker);
  options.connect_timeout = 60s;
  options.on_notice = [](const std::string& notice) { std::cerr << "waiting: " + notice + "\n"; };
  each_on_its_thread(count, [&](std::size_t) {
    Producer producer(options);
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
