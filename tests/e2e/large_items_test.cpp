// Large items beside a bare transfer of libzmq's, in turns, so that what else the machine does
// falls on both.
#include <algorithm>
#include <thread>
#include <vector>
#include <zmq.hpp>

#include "tests/support/library.hpp"
#include "tests/support/show.hpp"

using namespace baton;
using namespace baton::internal::e2e;

namespace {

constexpr int large_items = 30;
constexpr std::size_t large_size = 16u << 20;  // bytes

/// From connecting to the last one.
Clock::duration bare_transfer() {
  zmq::context_t ours, theirs;
  zmq::socket_t sender(theirs, zmq::socket_type::push);
  sender.set(zmq::sockopt::sndhwm, 2);
  sender.bind("tcp://127.0.0.1:*");
  const auto address = sender.get(zmq::sockopt::last_endpoint);
  std::thread sends([&] {
    const std::string body(large_size, 'x');
    for (int i = 0; i < large_items; ++i) sender.send(zmq::buffer(body));
  });
  const auto begun = Clock::now();
  zmq::socket_t receiver(ours, zmq::socket_type::pull);
  receiver.set(zmq::sockopt::rcvhwm, 2);
  receiver.set(zmq::sockopt::rcvtimeo, static_cast<int>(soon / 1ms));
  receiver.connect(address);
  zmq::message_t body;
  for (int i = 0; i < large_items; ++i) CHECK(receiver.recv(body));
  const auto took = Clock::now() - begun;
  sends.join();
  return took;
}

/// Of items that wait in the broker.
Clock::duration delivery() {
  const Broker broker({"--memory", "--max-bytes", "1G"});
  Producer producer(producer_of(broker));
  for (int i = 0; i < large_items; ++i) producer.put(std::string(large_size, 'x'));
  producer.flush();
  const auto begun = Clock::now();
  auto options = consumer_of(broker);
  options.prefetch(4);
  Consumer consumer(options);
  for (int i = 0; i < large_items; ++i) {
    auto item = consumer.try_get(soon);
    REQUIRE(item);
    item->ack();
  }
  return Clock::now() - begun;
}

}  // namespace

TEST_SUITE("timed") {
  TEST_CASE("large items: they are given in about the time of a bare libzmq transfer") {
    std::vector<double> ratios;
    for (int i = 0; i < 7; ++i) {
      const auto bare = bare_transfer();
      ratios.push_back(milliseconds(delivery()) / milliseconds(bare));
    }
    std::sort(ratios.begin(), ratios.end());
    const auto median = ratios[ratios.size() / 2];
    MESSAGE("times as long as a bare transfer: ", ratios.front(), " to ", ratios.back(),
            ", median ", median);
    CHECK(median < 1.5);
  }
}
