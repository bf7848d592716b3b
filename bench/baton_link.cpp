// The way through Baton: a producer that puts, a consumer that gets and acks.
#include "baton/consumer.hpp"
#include "baton/producer.hpp"
#include "bench/link.hpp"

namespace baton::internal::bench {
namespace {

baton::Options options_for(const Way& way) {
  baton::Options options;
  options.broker(way.address).prefetch(static_cast<std::uint32_t>(way.depth));
  return options;
}

class BatonSender : public Sender {
 public:
  explicit BatonSender(const Way& way) : producer_(options_for(way)) {}

  void send(std::string_view body) override { producer_.put(body); }
  void finish() override { producer_.close(); }

 private:
  baton::Producer producer_;
};

class BatonReceiver : public Receiver {
 public:
  explicit BatonReceiver(const Way& way) : consumer_(options_for(way)) {}

  std::optional<std::string_view> receive() override {
    item_ = consumer_.try_get(time_limit);
    if (!item_) return std::nullopt;
    return item_->body();
  }

  void done() override { item_->ack(); }

 private:
  baton::Consumer consumer_;
  std::optional<baton::Item> item_;  // before its consumer goes
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
