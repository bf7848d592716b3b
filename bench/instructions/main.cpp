// One producer, a broker and one consumer in one thread, without sockets, clocks or a disk: a fixed
// run whose instructions are counted. scripts/instructions runs it under callgrind and reads what
// each part took. Prints the bytes that a body of 93 takes on its link.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "broker/dispatcher.hpp"
#include "broker/memory_storage.hpp"
#include "consumer/consumer_session.hpp"
#include "producer/producer_session.hpp"

namespace baton::internal::bench {
namespace {

SessionConfig config_of(Role role) {
  SessionConfig config;
  config.role = role;
  config.client = config.name = "instructions";
  config.host = "here";
  config.queues = {"default"};
  config.draw_id = [role, drawn = std::make_shared<std::uint8_t>(std::uint8_t{0})] {
    SessionId id{};
    id.bytes[0] = static_cast<std::uint8_t>(role);
    id.bytes[1] = ++*drawn;
    return id;
  };
  return config;
}

/// Says that it keeps, some turns later, as a disk would: until then items go out with their puts.
class LateStorage final : public broker::Storage {
 public:
  void put(const broker::StoredItem& item, const broker::Names& names,
           std::string_view body) override {
    items_.put(item, names, body);
  }
  std::string_view body(ItemId id) override { return items_.body(id); }
  void update(const broker::StoredItem& item,
              const std::vector<broker::FailureRecord>& history) override {
    items_.update(item, history);
  }
  std::vector<broker::FailureRecord> history(ItemId id) override { return items_.history(id); }
  void erase(ItemId id) override { items_.erase(id); }
  broker::Ticket commit() override { return ++turn_; }
  Durable durable() override {
    return {turn_ - std::min(turn_, late), turn_ - std::min(turn_, late), {}};
  }

 private:
  static constexpr broker::Ticket late = 4;
  broker::Ticket turn_ = 0;
  broker::MemoryStorage items_;
};

broker::CoreSettings settings_of(bool durable) {
  broker::CoreSettings settings;
  settings.durable = durable;
  return settings;
}

std::unique_ptr<broker::Storage> make_storage(bool durable) {
  if (durable) return std::make_unique<LateStorage>();
  return std::make_unique<broker::MemoryStorage>();
}

class Line final : private broker::Shell {
 public:
  Line(bool durable, std::uint32_t prefetch)
      : storage_(make_storage(durable)),
        dispatcher_(settings_of(durable), BrokerInstance{7}, *storage_, now_),
        producer_(config_of(Role::producer)),
        consumer_(config_of(Role::consumer), prefetch),
        one_by_one_(prefetch == 0) {}

  /// Puts so many items and gets and acknowledges each. False when that comes to no end.
  bool run(std::uint64_t items) {
    producer_.start(now_);
    consumer_.start(now_);
    int still = 0;  // rounds in which nothing was got
    while (done_ < items && still < 10'000) {
      const auto before = done_;
      producers_part(items);
      brokers_part();
      consumers_part();
      brokers_part();
      now_ += std::chrono::milliseconds(1);
      still = done_ == before ? still + 1 : 0;
    }
    return done_ == items;
  }
  std::uint64_t link_bytes() const { return link_bytes_; }

 private:
  // What callgrind tells apart, by name.
  [[gnu::noinline]] void producers_part(std::uint64_t items);
  [[gnu::noinline]] void brokers_part();
  [[gnu::noinline]] void consumers_part();

  static constexpr std::uint64_t per_round = 250;

  void take_items();
  void send(Outbox& out);
  void open_link(const SessionId& session, std::uint32_t generation) override {
    dispatcher_.core().link_opened(session, generation, 1);
  }
  void close_link(const SessionId& /*session*/, std::uint32_t /*generation*/) override {}
  void send(broker::Effects::LinkMessage& message) override;
  void send(broker::Effects::Notification& notification) override {
    notifications_[notification.to].push_back(notification.bytes);
  }
  void put_out(std::vector<std::string>& /*bodies*/) override {}
  void log(const std::string& /*line*/) override {}

  Time now_ = Time(std::chrono::seconds(1000));
  const std::unique_ptr<broker::Storage> storage_;
  broker::Dispatcher dispatcher_;
  ProducerSession producer_;
  ConsumerSession consumer_;
  const bool one_by_one_;
  const std::string body_ = std::string(93, 'x');
  std::uint64_t put_ = 0, done_ = 0, link_bytes_ = 0;
  bool waits_ = false;
  std::vector<std::string> subscriptions_;
  std::vector<SharedBytes> control_, puts_;
  std::map<SessionId, std::vector<std::string>> notifications_;
  std::vector<std::string> link_;
  std::uint32_t generation_ = 0;
};

void Line::producers_part(std::uint64_t items) {
  for (const auto& frame : notifications_[producer_.session().id()])
    producer_.on_notification(frame, now_);
  notifications_[producer_.session().id()].clear();
  const auto most = one_by_one_ ? std::uint64_t{1} : per_round;
  for (std::uint64_t i = 0; i < most && put_ < items && producer_.may_put(); ++i, ++put_)
    producer_.put({default_priority, 0, body_});
  Outbox out;
  producer_.tick(now_, out);
  send(out);
}

void Line::brokers_part() {
  for (const auto& frame : subscriptions_) dispatcher_.on_subscription(frame, now_);
  subscriptions_.clear();
  for (const auto& frame : control_) dispatcher_.on_control(frame.view(), now_);
  control_.clear();
  for (const auto& frame : puts_) dispatcher_.on_put(frame.view(), now_);
  puts_.clear();
  dispatcher_.end_turn(now_);
  dispatcher_.carry_out(*this);
}

void Line::consumers_part() {
  for (const auto& frame : notifications_[consumer_.session().id()])
    consumer_.on_notification(frame, now_);
  notifications_[consumer_.session().id()].clear();
  for (const auto& frame : link_) consumer_.on_link(generation_, frame, now_);
  link_.clear();
  take_items();
  if (one_by_one_ && !std::exchange(waits_, true)) consumer_.want();
  Outbox out;
  consumer_.tick(now_, out);
  send(out);
}

void Line::take_items() {
  Delivery delivery;
  std::string body;
  while (consumer_.take(delivery, body, now_)) {
    if (std::exchange(waits_, false)) consumer_.unwant();
    done_ += consumer_.settle({Settlement::Kind::done, delivery.id}) && body == body_;
  }
}

void Line::send(Outbox& out) {
  for (const auto& request : out.requests) {
    if (request.kind == SocketRequest::Kind::open)
      subscriptions_.push_back('\1' + std::string(request.topic.view()));
    if (request.kind != SocketRequest::Kind::connect_link) continue;
    generation_ = request.generation;
    consumer_.on_link_up(generation_, now_);
  }
  for (auto& message : out.messages)
    (message.endpoint == TargetEndpoint::put ? puts_ : control_).push_back(message.bytes);
}

void Line::send(broker::Effects::LinkMessage& message) {
  link_.push_back(message.bytes);
  link_bytes_ += message.bytes.size();
}

}  // namespace
}  // namespace baton::internal::bench

int main(int argc, char** argv) {
  const std::string storage = argc == 4 ? argv[1] : "";
  if (storage != "memory" && storage != "kept") {
    std::cerr << "usage: baton-instructions memory|kept PREFETCH ITEMS\n";
    return 2;
  }
  const auto prefetch = static_cast<std::uint32_t>(std::strtoul(argv[2], nullptr, 10));
  const auto items = std::strtoull(argv[3], nullptr, 10);
  baton::internal::bench::Line line(storage == "kept", prefetch);
  if (!line.run(items)) {
    std::cerr << "baton-instructions: the items came to no end\n";
    return 1;
  }
  std::cout << line.link_bytes() / items << '\n';
}
