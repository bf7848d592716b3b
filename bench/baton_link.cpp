// The way through Baton: a producer that puts, a consumer that gets and acks.
#include "bench/link.hpp"
#include "consumer/consumer.hpp"
#include "producer/producer.hpp"

namespace baton::internal::bench {
namespace {

ProducerOptions producer_options(const Way& way) {
  ProducerOptions options;
  options.broker = parse_broker_address(way.address);
  return options;
}

ConsumerOptions consumer_options(const Way& way) {
  ConsumerOptions options;
  options.broker = parse_broker_address(way.address);
  options.prefetch = static_cast<std::uint32_t>(way.depth);
  return options;
}

class BatonSender : public Sender {
 public:
  explicit BatonSender(const Way& way) : producer_(producer_options(way)) {}

  void send(std::string_view body) override { producer_.put(body); }
  void finish() override { producer_.close(); }

 private:
  Producer producer_;
};

class BatonReceiver : public Receiver {
 public:
  explicit BatonReceiver(const Way& way) : consumer_(consumer_options(way)) {}

  std::optional<std::string_view> receive() override {
    if (!consumer_.get(item_, time_limit)) return std::nullopt;
    return item_.body;
  }

  void done() override { consumer_.ack(item_.id); }

 private:
  Consumer consumer_;
  Item item_;
};

}  // namespace

std::unique_ptr<Sender> make_sender(const Way& way) {
  if (way.proxy) return make_proxy_sender(way);
  return std::make_unique<BatonSender>(way);
}

std::unique_ptr<Receiver> make_receiver(const Way& way) {
  if (way.proxy) return make_proxy_receiver(way);
  return std::make_unique<BatonReceiver>(way);
}

}  // namespace baton::internal::bench
