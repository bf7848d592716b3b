// The same in C++: puts three items, works on them, and waits until all are done.
#include <baton/consumer.hpp>
#include <baton/producer.hpp>
#include <iostream>

int main() try {
  auto options = baton::Options().queue("default").prefetch(1);
  options.host_tag(baton::HostTag::off);
  baton::Producer producer(options);
  baton::Consumer consumer(options);
  for (const auto* name : {"Rick", "Morty", "Summer"}) producer.put(name);

  int failures = 0;
  const auto work = [&failures](baton::Item& item) {
    if (failures++ == 0) throw std::runtime_error("the first one fails");
    std::cout << item.body() << '\n';
  };
  consumer.run(work, {1, 4});
  const auto counts = producer.join();
  consumer.close();
  producer.close();
  return counts.done == 3 ? 0 : 1;
} catch (const baton::Error& error) {
  std::cerr << error.what() << '\n';
  return 2;
}
