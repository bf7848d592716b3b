#include "tests/simulation/simulation.hpp"

#include <algorithm>

namespace baton::internal::simulation {
namespace {

constexpr Duration trouble_every = 100ms;
constexpr Duration in_touch_again = 12s;  // longer than any trouble that is under way
constexpr Duration in_touch_within = 2s;  // of the broker's being back, whose name has one address
// Once nothing is wrong any more: one item at a time on a slow disk, or over a slow link, takes its
// time.
constexpr Duration must_end_within = 400s;

}  // namespace

// --- what the seed decides -----------------------------------------------------------------------

Simulation::Simulation(std::uint64_t seed, bool tracing)
    : small_(false),
      world_(seed, tracing),
      durable_(world_.random.chance(500)),
      producers_(world_.random.between(1, 3)),
      consumers_(world_.random.between(1, 4)),
      printers_(world_.random.between(1, 2)),
      rogues_(!durable_ && world_.random.chance(300) ? 1 : 0),
      troubles_(world_.random.chance(150) ? Troubles{} : draw_troubles(world_.random, durable_)),
      settings_(draw_settings(world_.random, {producers_ + rogues_, consumers_, printers_},
                              troubles_, durable_)),
      peace_{troubles_.harmless() && troubles_.restarts == 0, troubles_.only_poison(),
             !troubles_.breaks_connections() && troubles_.restarts == 0,
             troubles_.lossless() && rogues_ == 0 && troubles_.narrow == 0,
             troubles_.in_touch() && troubles_.full_disks == 0 && troubles_.narrow == 0 &&
                 !troubles_.few_places},
      puts_(durable_, settings_.notice_bytes == broker::CoreSettings{}.notice_bytes),
      holders_(world_, durable_, troubles_.breaks_connections()),
      broker_(world_, puts_, holders_, settings_, peace_,
              draw_storage_lag(world_.random, troubles_, durable_)),
      scene_{world_, broker_, puts_, console_, holders_, troubles_.breaks_connections(), durable_} {
  if (!troubles_.harmless() && world_.random.chance(200)) broker_.link_failures_per_mille = 100;
  if (troubles_.few_links) broker_.most_links = consumers_;
  scene_.lossless = troubles_.lossless() && rogues_ == 0;
  scene_.dead_addresses = !peace_.calm || troubles_.broker_pauses == 0;
  scene_.connected = !troubles_.breaks_connections() && troubles_.broker_pauses == 0 &&
                     !broker_.links_may_fail() && !troubles_.few_places;
  scene_.all_run = scene_.connected &&
                   troubles_.pauses + troubles_.kills + troubles_.full_disks == 0 &&
                   !troubles_.slow_hands;
  scene_.long_lines = troubles_.long_lines;
  if (peace_.calm) console_.expect_all();
  if (troubles_.narrow == 0) return;
  scene_.up = &up_.emplace(world_, troubles_.narrow);
  scene_.down = &down_.emplace(world_, troubles_.narrow);
}

broker::CoreSettings Simulation::small_settings() {
  broker::CoreSettings settings;
  settings.max_items = 20;
  settings.max_attempts = 2;
  settings.end.exit_when_done = true;
  settings.end.producers = 3;
  settings.end.consumers = 2;
  return settings;
}

Simulation::Simulation(std::uint64_t seed, bool calm, bool tracing)
    : small_(true),
      world_(seed, tracing),
      durable_(false),
      producers_(2),
      consumers_(2),
      printers_(1),
      rogues_(0),
      troubles_{},
      settings_(small_settings()),
      peace_{calm, false, calm, false, false},
      puts_(false, true),
      holders_(world_, false, true),
      broker_(world_, puts_, holders_, settings_, peace_, Duration{}),
      scene_{world_, broker_, puts_, console_, holders_, false, false} {
  world_.faulty = false;
}

// --- what goes wrong -----------------------------------------------------------------------------

ClientNode* Simulation::any_client() {
  if (clients_.empty()) return nullptr;
  auto& node = *clients_[world_.random.below(clients_.size())];
  return node.over() ? nullptr : &node;
}

void Simulation::trouble() {
  if (!world_.faulty) return;
  trouble(troubles_);
  world_.after(trouble_every, [this] { trouble(); });
}

void Simulation::trouble(const Troubles& chances) {
  auto& random = world_.random;
  const auto happens = [&](std::uint64_t per_second) { return random.chance(per_second / 10); };
  const auto a_while = [&] {
    return random.between(Duration(10ms), random.chance(200) ? Duration(9s) : Duration(1s));
  };
  if (happens(chances.broker_pauses / 4)) broker_.pause(a_while());
  if (happens(chances.restarts / 4)) restart_broker();
  if (happens(chances.clock_steps / 4)) step_clock();
  if (happens(chances.full_disks / 4))
    broker_.disk().fill(random.between(Duration(10ms), Duration(5s)));
  for (const auto& leaving : clients_)
    if (leaving->session().closing() && !leaving->over() && happens(chances.cuts))
      cut_short(*leaving);
  if (chances.slow_hands) pause_slow_hands();
  auto* node = any_client();
  if (!node) return;
  if (happens(chances.cuts)) {
    node->cut();
    // Often just when it is back: what a welcome says is all that the client then knows.
    if (happens(chances.restarts)) world_.after(a_while(), [this] { restart_broker(); });
  }
  if (happens(chances.stalls / 2)) node->stall(a_while());
  if (happens(chances.pauses / 2)) pause(*node, a_while());
  if (happens(chances.kills / 4)) kill(*node);
  if (happens(chances.leaves / 4)) leave(*node);
  if (happens(chances.twins))
    if (const auto* producer = dynamic_cast<const ProducerNode*>(node)) add_twin(*producer);
}

void Simulation::pause_slow_hands() {
  for (auto* node : consumer_nodes_)
    if (node->has_slow_hands() && !node->over() && !node->stands_still() &&
        world_.random.chance(20))
      pause(*node,
            world_.random.between(Duration(session_timeout), Duration(session_timeout + 1s)));
}

/// Who closes loses what is on its way, and is silent until it is held for lost: nobody may take
/// that for its leave.
void Simulation::cut_short(ClientNode& leaving) {
  leaving.cut();
  leaving.pause(world_.random.between(Duration(session_timeout), Duration(2 * session_timeout)));
}

/// Another process of a producer's name, while the first one lives: that one is to end. Its input
/// may be another one.
void Simulation::add_twin(const ProducerNode& node) {
  if (!node.session().was_welcomed() || node.session().closing()) return;
  world_.trace([&] { return node.name() + " gets a twin"; });
  ++producers_waited_for_;
  auto plan = node.plan();
  if (world_.random.chance(400)) change(plan.lines);
  plan.left_out = std::min(plan.left_out, plan.lines.size() - 1);
  add_producer(node.identity(), plan);
}

std::vector<const ProducerNode*> Simulation::processes_of(const std::string& identity) const {
  std::vector<const ProducerNode*> processes;
  for (const auto& node : clients_)
    if (const auto* producer = dynamic_cast<const ProducerNode*>(node.get());
        producer && producer->identity() == identity)
      processes.push_back(producer);
  return processes;
}

/// Its user writes on, mends, cuts off, mixes up or replaces a producer's input, or leaves it as it
/// is.
void Simulation::change(std::vector<std::uint64_t>& lines) {
  auto& random = world_.random;
  const auto at = random.below(lines.size());
  const auto where = lines.begin() + static_cast<std::ptrdiff_t>(at);
  switch (random.below(8)) {
    case 0:
      lines[at] = ++lines_;
      break;
    case 1:
      lines.resize(at + 1);
      break;
    case 2:
      lines.insert(where, ++lines_);
      break;
    case 3:
      std::swap(lines[at], lines.back());
      break;
    case 4:
      lines = new_lines(lines.size());
      break;
    case 5:
      if (lines.size() > 1) lines.erase(where);
      break;
    case 6:
      break;
    default:
      for (const auto line : new_lines(random.between(1, 20))) lines.push_back(line);
  }
}

/// What the user of a producer does when its last process has ended.
ProducerPlan Simulation::next_run(const ProducerNode& last) {
  auto& random = world_.random;
  auto plan = last.plan();
  plan.is_start = false;
  plan.left_out = 0;
  if (last.refused()) {
    plan.is_start = true;
    if (random.chance(400)) plan.left_out = random.below(plan.lines.size());
  } else if (last.put_all()) {
    change(plan.lines);
    plan.last = --versions_left_[last.identity()] == 0;
  } else if (random.chance(200)) {
    change(plan.lines);
  }
  return plan;
}

/// When no process of a name is left, another one puts the next version of the input, or what is
/// left of this one.
void Simulation::go_on_with_inputs() {
  world_.after(100ms, [this] { go_on_with_inputs(); });
  inputs_left_ = false;
  for (const auto& [identity, left] : std::map<std::string, std::uint64_t>(versions_left_)) {
    const auto processes = processes_of(identity);
    const bool anyone = producers_waited_for_ > 0 ||  // may be of that name
                        std::any_of(processes.begin(), processes.end(),
                                    [](const auto* one) { return !one->over(); });
    const bool done = !processes.empty() && processes.back()->put_all() && left == 0;
    inputs_left_ = inputs_left_ || !done;
    if (anyone || done || processes.empty()) continue;
    ++producers_waited_for_;
    add_producer(identity, next_run(*processes.back()));
  }
}

/// All clients of its process.
std::vector<ClientNode*> Simulation::process_of(ClientNode& node) const {
  const auto* consumer = dynamic_cast<ConsumerNode*>(&node);
  if (!consumer) return {&node};
  std::vector<ClientNode*> nodes;
  for (auto* other : consumer_nodes_)
    if (other->process() == consumer->process() && !other->over()) nodes.push_back(other);
  return nodes;
}

void Simulation::pause(ClientNode& node, Duration time) {
  for (auto* one : process_of(node)) one->pause(time);
}

void Simulation::kill(ClientNode& node) {
  for (auto* one : process_of(node)) kill_one(*one);
}

/// A client that is killed is started again: a consumer as another one, a producer under its name.
void Simulation::kill_one(ClientNode& node) {
  const auto again = world_.random.between(Duration::zero(), Duration(2s));
  node.kill();
  if (auto* producer = dynamic_cast<ProducerNode*>(&node)) {
    ++producers_waited_for_;
    const auto plan = durable_ ? next_run(*producer) : producer->plan();
    world_.after(again,
                 [this, identity = producer->identity(), plan] { add_producer(identity, plan); });
  } else if (dynamic_cast<ConsumerNode*>(&node)) {
    world_.after(again, [this] { add_consumer(); });
  } else {
    lines_may_miss_ = true;  // its last block may be cut, or be printed again
    world_.after(again, [this] { add_printer(); });
  }
}

void Simulation::restart_broker() {
  if (!world_.faulty || !broker_.up()) return;
  auto& random = world_.random;
  if (durable_ && random.chance(100))
    broker_.lose_disk();
  else
    broker_.kill(random.chance(300));
  if (durable_ && random.chance(200)) step_clock();
  const auto down =
      random.between(Duration::zero(), random.chance(200) ? Duration(5s) : Duration(500ms));
  // It and the process before it greet the next broker at the same time.
  if (troubles_.twins > 0 && random.chance(300))
    if (const auto* producer = dynamic_cast<const ProducerNode*>(any_client())) add_twin(*producer);
  world_.after(down, [this] {
    broker_.start();
    loaded_.clear();
    for (const auto& [name, queue] : broker_.queues().all())
      loaded_[name] = {queue->depth(), queue->bytes};
    if (troubles_.few_places) visit();
    if (troubles_.few_links) offer_few_links();
    if (troubles_.newcomers) add_newcomers();
    if (!troubles_.in_touch() || broker_.links_may_fail() || troubles_.few_places) return;
    for (const auto within : {in_touch_within, slowest_return})
      world_.after(within, [this, life = broker_.life()] { check_in_touch(life); });
  });
}

/// Of the ports of the process before it some are not free yet.
void Simulation::offer_few_links() {
  broker_.most_links = world_.random.below(consumers_ + 1);
  world_.after(world_.random.between(Duration(1s), Duration(8s)),
               [this] { broker_.most_links = consumers_; });
}

/// The wall clock is set, by a little or by days.
void Simulation::step_clock() {
  const auto most = world_.random.chance(500) ? Duration(10s) : Duration(72h);
  broker_.disk().clock_jumps(world_.random.between(Duration::zero(), 2 * most) - most);
}

/// Where nothing else is wrong, clients go on with a broker that is back.
void Simulation::check_in_touch(Life life) const {
  if (!broker_.up() || broker_.life() != life) return;
  for (const auto& node : clients_) {
    const auto& session = node->session();
    const auto within = node->has_dead_address() ? slowest_return : Duration(1s);
    if (node->over() || session.closing() || node->since() + within > world_.now()) continue;
    if (world_.now() < broker_.up_since() + within || broker_.waits_for_disk(session.id()))
      continue;
    PROMISE(session.established() && broker_.life_of(session.broker_instance()) == life &&
                broker_.knows(session.id()),
            node->name() + " goes on with a broker that is back for long enough");
  }
}

void Simulation::leave(ClientNode& node) {
  if (dynamic_cast<ProducerNode*>(&node)) return;
  world_.trace([&] { return node.name() + " is told to leave"; });
  auto* consumer = dynamic_cast<ConsumerNode*>(&node);
  if (consumer && world_.random.chance(400))
    consumer->forsake();
  else
    node.leave();
  if (consumer)
    add_consumer();
  else
    add_printer();
}

// --- the run -------------------------------------------------------------------------------------

void Simulation::step() {
  world_.step();
  check();
}

/// Where there are more producers than room for two items of each, each may have one more.
std::uint64_t Simulation::most_items() const {
  const auto producers = producers_ + rogues_ + newcomers_ + 1;
  return settings_.max_items + (settings_.max_items < 2 * producers ? producers : 0);
}

void Simulation::check() {
  hands_.clear();
  for (const auto* node : consumer_nodes_) node->add_hands(hands_);
  BrokerJudge::check_hands(hands_);
  if (world_.now() >= look_at_) {
    broker_.look();
    look_at_ = world_.now() + 10ms;
  }
  if (!broker_.up()) return;
  for (const auto& [name, queue] : broker_.queues().all())
    check_bounds(name, queue->depth(), queue->bytes);
}

/// What was put to the broker before this one and is put again comes in all the same, and stays
/// when this one dies.
void Simulation::check_bounds(const std::string& queue, std::uint64_t items,
                              std::uint64_t bytes) const {
  if (items <= most_items() && bytes <= most_bytes()) return;
  const auto again = broker_.judge().again_of(queue);
  const auto found = loaded_.find(queue);
  const auto loaded = found == loaded_.end() ? BrokerJudge::Depth{} : found->second;
  PROMISE(items <= std::max(most_items(), loaded.items) + again.items,
          "bounded: items in " + queue + ": " + std::to_string(items));
  PROMISE(bytes <= std::max(most_bytes(), loaded.bytes) + again.bytes,
          "bounded: bytes in " + queue + ": " + std::to_string(bytes));
}

/// Each producer may have begun its last item, and a whole window before it, when the others had
/// filled the queue.
std::uint64_t Simulation::most_bytes() const {
  const auto producers = producers_ + rogues_ + newcomers_ + 1;
  return settings_.max_bytes +
         producers *
             (std::min<std::uint64_t>(settings_.max_bytes, put_window_bytes) + largest_body_);
}

void Simulation::safety() {
  const auto until = world_.now() + world_.random.between(Duration(3s), Duration(15s));
  trouble();
  world_.at(until, [this] { world_.faulty = false; });
  while (world_.faulty) step();
}

bool Simulation::finished() const {
  return broker_.finished() &&
         std::all_of(clients_.begin(), clients_.end(),
                     [this](const auto& node) { return node->over() || comes_too_late(*node); });
}

/// Poison ended a process when all else was done: who is run again after it may find no broker any
/// more.
bool Simulation::comes_too_late(const ClientNode& node) const {
  const auto* consumer = dynamic_cast<const ConsumerNode*>(&node);
  return troubles_.poison > 0 && consumer && !consumer->ever_stood();
}

/// The broker leaves with all who are there. So that the end does not come while a client is only
/// out of reach, one more producer is waited for, and comes when all who wait are in touch and the
/// other producers through.
void Simulation::add_last_producer() {
  const bool ready = std::all_of(clients_.begin(), clients_.end(), [this](const auto& node) {
    const bool waits =
        !dynamic_cast<ProducerNode*>(node.get()) && broker_.knows(node->session().id());
    return node->over() || waits;
  });
  if (!ready || producers_waited_for_ > 0 || inputs_left_)
    return world_.after(100ms, [this] { add_last_producer(); });
  ProducerPlan plan;
  plan.lines = new_lines(1);
  ++producers_waited_for_;
  add_producer("producer-last", plan);
  if (troubles_.restarts > 0) shut_down_when_done();
}

void Simulation::shut_down_when_done() {
  const bool done = broker_.queues().all_settled() &&
                    std::all_of(clients_.begin(), clients_.end(), [](const auto& node) {
                      return node->over() || !dynamic_cast<ProducerNode*>(node.get());
                    });
  if (done) return broker_.shut_down();
  world_.after(100ms, [this] { shut_down_when_done(); });
}

void Simulation::liveness() {
  world_.trace([] { return std::string("nothing goes wrong from now on"); });
  world_.after(in_touch_again, [this] { add_last_producer(); });
  const auto until = world_.now() + must_end_within;
  while (!finished()) {
    step();
    PROMISE(world_.now() < until, "all comes to its end when nothing is wrong");
  }
}

void Simulation::check_end() const {
  const auto& judge = broker_.judge();
  judge.check_end();
  console_.check_end(broker_.life(), !lines_may_miss_ && settings_.console_keep > 1u << 20);
  PROMISE((broker_.exit_code() == 3) == (judge.dead() > 0),
          "the broker's exit code says whether items died");
}

void Simulation::run() {
  if (small_) {
    populate_small();
  } else {
    populate();
    if (durable_) go_on_with_inputs();
    safety();
  }
  liveness();
  check_end();
}

std::string Simulation::state() const {
  std::string text = "broker: " + broker_.books() + (broker_.finished() ? ", finished\n" : "\n");
  for (const auto& node : clients_)
    text += node->name() + ": state " + std::to_string(static_cast<int>(node->session().state())) +
            (node->killed() ? ", killed" : "") + "\n";
  return text;
}

}  // namespace baton::internal::simulation
