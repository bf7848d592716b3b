// Who takes part in a run.
#include <algorithm>

#include "tests/simulation/simulation.hpp"

namespace baton::internal::simulation {

const std::vector<std::string> Simulation::queue_names{"default", "mail", "images/large"};

void Simulation::add_producer(std::string identity, const ProducerPlan& plan) {
  --producers_waited_for_;
  auto name = "P" + std::to_string(++names_);
  clients_.push_back(
      std::make_unique<ProducerNode>(scene_, std::move(name), std::move(identity), plan));
  clients_.back()->start();
}

/// Often that of another consumer.
std::uint64_t Simulation::draw_process() {
  if (world_.random.chance(400) && !consumer_nodes_.empty()) {
    const auto* other = consumer_nodes_[world_.random.below(consumer_nodes_.size())];
    if (!other->over()) return other->process();
  }
  return ++processes_;
}

void Simulation::add_consumer() {
  auto& random = world_.random;
  ConsumerPlan plan;
  plan.process = draw_process();
  plan.queues = queue_names;  // all of them are emptied by everybody
  plan.jobs = static_cast<int>(random.between(1, 3));
  plan.prefetch = random.chance(500) ? 0 : static_cast<std::uint32_t>(random.between(1, 10));
  plan.work =
      random.chance(400)   ? Duration(50ms)
      : random.chance(500) ? Duration(500ms)
      : random.chance(700)
          ? Duration(3s)
          : Duration(12s);  // it may lose an item and be given it again while it works on it
  plan.rest = random.chance(300) ? Duration(1s) : Duration(5ms);
  plan.fails = random.chance(400) ? random.below(200) : 0;
  plan.releases = random.chance(300) ? random.below(100) : 0;
  plan.delays = random.below(1000);
  plan.pauses = random.chance(300) ? random.below(500) : 0;
  plan.times_out = random.chance(400) ? random.below(500) : 0;
  if (random.chance(
          150)) {  // several who wait a moment each: what they take back crosses what is given
    plan.jobs = static_cast<int>(random.between(2, 6));
    plan.times_out = 900;
    plan.time_limit = 3ms;
    plan.rest = 5ms;
  }
  if (random.chance(150)) {  // short runs: what it gives back at the end of one it is given again
    plan.prefetch = static_cast<std::uint32_t>(random.between(1, 5));
    plan.jobs = static_cast<int>(random.between(2, 6));
    plan.work = random.chance(500) ? Duration(3s) : Duration(12s);
    plan.rest = 5ms;
    plan.releases = 200;
    plan.pauses = 700;
  }
  if (troubles_.quick_failures) {
    const bool slow = consumer_nodes_.size() % 2 == 0;
    plan.jobs = static_cast<int>(random.between(2, 6));
    plan.work = slow ? Duration(12s) : Duration(5ms);
    plan.rest = 5ms;
    plan.fails = slow ? 0 : 600;
    plan.releases = slow ? 0 : 300;
    plan.delays = 100;
  }
  if (troubles_.few_places) plan.work = 12s;
  if (troubles_.large_runs) {
    plan.jobs = 1;
    plan.prefetch = static_cast<std::uint32_t>(random.between(1, 3));
    plan.work = 50ms;
    plan.rest = 20us;
    plan.pauses = 500;
  }
  if (troubles_.slow_hands) {
    const bool slow = consumer_nodes_.size() % 2 == 0;
    plan.jobs = 6;
    plan.prefetch = 0;
    plan.work = slow ? Duration(12s) : Duration(500ms);
    plan.releases = slow ? 0 : 900;
  }
  auto node = std::make_unique<ConsumerNode>(scene_, "C" + std::to_string(++names_), plan);
  node->on_poison([this, died = node.get()] { kill(*died); });
  consumer_nodes_.push_back(node.get());
  clients_.push_back(std::move(node));
  clients_.back()->start();
}

void Simulation::add_printer() {
  auto& random = world_.random;
  auto slow = random.chance(200)   ? Duration(300ms)
              : random.chance(300) ? Duration(50ms)
                                   : Duration(1ms);
  if (troubles_.newcomers) slow = 1ms;  // they say more lines than a slow one prints by the end
  clients_.push_back(std::make_unique<PrinterNode>(scene_, "R" + std::to_string(++names_), slow));
  clients_.back()->start();
}

void Simulation::populate() {
  auto& random = world_.random;
  const auto soon = [&] { return random.between(Duration::zero(), Duration(2s)); };
  for (std::uint64_t i = 0; i < printers_; ++i) world_.after(soon(), [this] { add_printer(); });
  for (std::uint64_t i = 0; i < consumers_; ++i) world_.after(soon(), [this] { add_consumer(); });
  for (std::uint64_t i = 0; i < producers_ + rogues_; ++i) {
    ProducerPlan plan;
    plan.rogue = i >= producers_;
    plan.queue = queue_names[random.below(queue_names.size())];
    plan.lines = new_lines(random.between(1, 80));
    plan.pause = random.chance(200) ? Duration{} : Duration(500ms);
    plan.priorities = random.chance(300);
    plan.delays = random.chance(300);
    plan.poison = troubles_.poison;
    plan.joins = random.chance(600);
    plan.hurries = !plan.joins && random.chance(500);
    if (random.chance(250)) plan.largest = random.chance(500) ? 100'000 : 1'000'000;
    if (troubles_.narrow > 0) {
      plan.lines.resize(std::min<std::size_t>(plan.lines.size(), 8));
      plan.largest = 100'000;
      plan.large_one_in = 1;
    }
    if (troubles_.large_runs) {
      plan.largest = 300'000;
      plan.large_one_in = 1;
    }
    if (troubles_.slow_hands) plan.lines.resize(1);
    if (troubles_.quick_failures) plan.pause = 50ms;
    if (plan.rogue) {
      plan.largest = 1000;
      plan.joins = false;
    }
    largest_body_ = std::max<std::uint64_t>(largest_body_, plan.largest + 100);
    const auto identity = "producer-" + std::to_string(i);
    if (durable_) plan.last = (versions_left_[identity] = random.between(0, 2)) == 0;
    ++producers_waited_for_;
    world_.after(soon(), [this, plan, identity] { add_producer(identity, plan); });
  }
}

/// Something of everything, all of it soon. A link breaks now and then, and a consumer leaves.
void Simulation::populate_small() {
  ConsumerPlan consumer;
  consumer.queues = queue_names;
  consumer.jobs = 2;
  consumer.work = consumer.rest = 20ms;
  consumer.fails = consumer.releases = consumer.delays = 200;
  consumer.times_out = 500;
  ProducerPlan producer;
  producer.lines = new_lines(30);
  producer.pause = 60ms;
  producer.priorities = producer.delays = true;
  const auto add = [this](std::unique_ptr<ClientNode> node) {
    clients_.push_back(std::move(node));
    clients_.back()->start();
  };
  add(std::make_unique<PrinterNode>(scene_, "R", Duration(1ms)));
  for (const auto* name : {"C", "D", "E"}) {
    ++consumer.process;
    consumer.prefetch = 2 - consumer.prefetch;
    auto node = std::make_unique<ConsumerNode>(scene_, name, consumer);
    consumer_nodes_.push_back(node.get());
    add(std::move(node));
  }
  for (const auto* name : {"P", "Q"})
    add(std::make_unique<ProducerNode>(scene_, name, name, producer));
  for (const auto when : {200ms, 400ms, 450ms, 600ms, 800ms})
    world_.after(when, [this, when] { consumer_nodes_[when == 400ms]->cut_link(); });
  world_.after(700ms, [this] { consumer_nodes_[2]->leave(); });
}

/// Clients that come at this moment and leave again: others find no place, or no link.
void Simulation::visit() {
  for (std::uint64_t i = 0; i < consumers_ + 2; ++i) {
    add_consumer();
    auto& visitor = *consumer_nodes_.back();
    world_.after(world_.random.between(Duration(5s), Duration(12s)),
                 [&visitor] { visitor.leave(); });
  }
}

void Simulation::add_newcomers() {
  if (newcomers_ > 6) return;
  for (const auto& queue : queue_names) {
    ProducerPlan plan;
    plan.queue = queue;
    plan.lines = new_lines(world_.random.between(1, 5));
    plan.pause = {};
    plan.last = true;
    ++producers_waited_for_;
    add_producer("newcomer-" + std::to_string(++newcomers_), plan);
  }
}

std::vector<std::uint64_t> Simulation::new_lines(std::uint64_t count) {
  std::vector<std::uint64_t> lines;
  while (lines.size() < count) lines.push_back(++lines_);
  return lines;
}

}  // namespace baton::internal::simulation
