#include <iostream>
#include <string>

#include "consumer/consumer.hpp"
#include "tests/e2e/peers/peers.hpp"

namespace baton::internal::e2e {

int be_holder(const std::string& broker, const std::string& queue) {
  ConsumerOptions options;
  options.broker = parse_broker_address(broker);
  options.queues = {queue};
  Consumer consumer(options);
  const auto item = consumer.get();
  std::cout << item->attempt << ' ' << item->body << std::endl;
  std::string end_of_input;
  std::getline(std::cin, end_of_input);
  const bool acked = consumer.ack(item->id);
  consumer.close();
  std::cout << (acked ? "acked" : "not acked") << std::endl;
  return 0;
}

}  // namespace baton::internal::e2e
