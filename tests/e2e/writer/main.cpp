// Says lines on the console, and nothing else: test-writer BROKER WHO LINES SIZE LONG_ONES (see
// LineSizes).
#include <cstdlib>
#include <exception>
#include <functional>
#include <iostream>

#include "baton/producer.hpp"
#include "tests/support/test_line.hpp"

namespace {

void print_all(const std::string& broker, const std::string& who, std::uint64_t lines,
               const baton::internal::e2e::LineSizes& sizes) {
  baton::Options options;
  options.broker(broker).log([](std::int32_t, std::int32_t, const std::string& reason) {
    std::cerr << "waiting: " + reason + "\n";
  });
  baton::Producer producer(options);
  std::mt19937_64 random(std::hash<std::string>()(who));
  for (std::uint64_t number = 1; number <= lines; ++number)
    producer.print(baton::internal::e2e::test_line({who, number}, sizes.draw(random)));
  producer.close();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  try {
    print_all(argv[1], argv[2], std::stoull(argv[3]), {std::stoull(argv[4]), std::stoi(argv[5])});
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "test-writer: " << error.what() << '\n';
    return 1;
  }
}
