// Says lines on the console, and nothing else: test-sayer BROKER WHO LINES SIZE LONG_ONES (see
// LineSizes).
#include <cstdlib>
#include <exception>
#include <functional>
#include <iostream>

#include "producer/producer.hpp"
#include "tests/support/spoken.hpp"

namespace {

void say_all(const std::string& broker, const std::string& who, std::uint64_t lines,
             const baton::e2e::LineSizes& sizes) {
  baton::ProducerOptions options;
  options.broker = baton::parse_broker_address(broker);
  options.on_notice = [](const std::string& reason) { std::cerr << "waiting: " + reason + "\n"; };
  baton::Producer producer(options);
  std::mt19937_64 random(std::hash<std::string>()(who));
  for (std::uint64_t number = 1; number <= lines; ++number)
    producer.say(baton::e2e::spoken_line({who, number}, sizes.draw(random)));
  producer.close();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  try {
    say_all(argv[1], argv[2], std::stoull(argv[3]), {std::stoull(argv[4]), std::stoi(argv[5])});
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "test-sayer: " << error.what() << '\n';
    return 1;
  }
}
