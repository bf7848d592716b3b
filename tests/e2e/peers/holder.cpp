#include <iostream>
#include <string>

#include "baton/consumer.hpp"
#include "tests/e2e/peers/peers.hpp"

namespace baton::internal::e2e {

int be_holder(const std::string& broker, const std::string& queue) {
  baton::Options options;
  options.broker(broker).queue(queue);
  baton::Consumer consumer(options);
  auto item = consumer.get();
  std::cout << item->delivery_count() << ' ' << item->body() << std::endl;
  std::string end_of_input;
  std::getline(std::cin, end_of_input);
  const bool acked = item->ack();
  consumer.close();
  std::cout << (acked ? "acked" : "not acked") << std::endl;
  return 0;
}

}  // namespace baton::internal::e2e
