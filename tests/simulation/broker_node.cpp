#include "tests/simulation/broker_node.hpp"

#include <algorithm>
#include <utility>

namespace baton::internal::simulation {

// --- what comes in -------------------------------------------------------------------------------

BrokerNode::Process::Process(World& world, BrokerJudge& judge, const broker::CoreSettings& settings,
                             std::unique_ptr<broker::Storage> memory_or_disk)
    : storage(std::move(memory_or_disk)),
      dispatcher(settings, BrokerInstance{world.random.below(UINT64_MAX) + 1}, *storage,
                 world.now()) {
  judge.begins(dispatcher.core().broker_instance());
}

BrokerNode::BrokerNode(World& world, PutJudge& puts, HolderJudge& holders,
                       const broker::CoreSettings& settings, Peace peace, Duration storage_lag)
    : world_(world),
      puts_(puts),
      holders_(holders),
      settings_(settings),
      peace_(peace),
      storage_lag_(storage_lag),
      disk_(world, storage_lag) {
  start();
}

void BrokerNode::start() {
  const auto* before = judges_.empty() ? nullptr : judges_.back().get();
  judges_.push_back(
      std::make_unique<BrokerJudge>(world_, puts_, judges_.size() + 1, settings_, peace_, before));
  process_ = std::make_unique<Process>(world_, judge(), settings_, make_storage());
  judge().sees([this] { return handed_off(); });
  if (settings_.durable)
    judge().asks([this] { return process_ && queues().may_reclaim(); },
                 [this] { return process_ && queues().delivers(); });
  world_.trace([&] { return "broker: life " + std::to_string(life()) + " begins"; });
  up_since_ = world_.now();
  holders_.begins();
  paused_until_ = {};
  wake_at_ = never;
  wake(world_.now());
}

std::unique_ptr<broker::Storage> BrokerNode::make_storage() {
  auto on_durable = [this] { wake(world_.now()); };
  if (settings_.durable) {
    disk_.begin(on_durable);
    return std::make_unique<WatchedDisk>(world_, disk_, judge(), puts_);
  }
  return std::make_unique<WatchedMemory>(world_, judge(), storage_lag_, on_durable);
}

void BrokerNode::kill(bool in_order) {
  if (!process_ || finished_) return;
  if (in_order) turn();
  if (finished_) return;
  end(in_order);
}

void BrokerNode::lose_disk() {
  if (!process_ || finished_) return;
  disk_.fail({true, "baton.mdb was removed while this broker used it"});
  turn();
  if (!process_) return;
  PROMISE(world_.now() < paused_until_, "a broker whose storage has failed ends");
  end(false);  // it stands still, and is killed before it finds out
}

void BrokerNode::end(bool in_order) {
  world_.trace([&] { return std::string("broker: ") + (in_order ? "ends" : "is killed"); });
  holders_.ends();
  const auto dead = std::exchange(process_, nullptr);
  if (auto* kept = dynamic_cast<WatchedDisk*>(dead->storage.get()); kept && in_order) {
    kept->finish();
    judge().ends_in_order();
  } else {
    disk_.kill();
  }
  for (const auto& weak : std::exchange(connections_, {}))
    if (const auto connection = weak.lock()) connection->broker_gone();
  for (const auto& [port, link] : dead->links)
    if (link.connection) link.connection->broker_gone();
}

void BrokerNode::shut_down() {
  process_->dispatcher.core().shut_down(world_.now());
  wake(world_.now());
}

Life BrokerNode::life_of(BrokerInstance broker_instance) const {
  for (std::size_t i = 0; i < judges_.size(); ++i)
    if (judges_[i]->broker_instance() == broker_instance) return i + 1;
  throw Violation("every broker instance is some broker's");
}

void BrokerNode::acked(BrokerInstance broker_instance, ItemId id) {
  for (auto life = life_of(broker_instance);
       life <= (settings_.durable ? this->life() : life_of(broker_instance)); ++life)
    judge_of_life(life).acked(id);
}

void BrokerNode::failed(BrokerInstance broker_instance, ItemId id) {
  for (auto life = life_of(broker_instance);
       life <= (settings_.durable ? this->life() : life_of(broker_instance)); ++life)
    judge_of_life(life).failed(id);
}

std::size_t BrokerNode::items() const {
  std::size_t sum = 0;
  for (const auto& judge : judges_) sum += judge->items();
  return sum;
}

std::set<ItemId> BrokerNode::handed_off() const {
  std::set<ItemId> ids;
  for (const auto& message : process_->dispatcher.effects().link_messages) {
    EntryReader in(payload_of(message.bytes));
    for (Entry entry; in.next(entry);)
      if (entry.kind == EntryKind::delivery) ids.insert(read_delivery(entry).id);
  }
  return ids;
}

BrokerJudge::Knows BrokerNode::who_is_known() const {
  return [this](const SessionId& id) { return knows(id); };
}

void BrokerNode::look() const {
  if (process_ && !finished_ && world_.now() >= paused_until_) judge().look(who_is_known());
}

void BrokerNode::put(std::string frame) {
  if (!process_) return;
  judge().reaches(frame);
  process_->put.push_back(std::move(frame));
  wake(world_.now());
}

void BrokerNode::control(std::string frame) {
  if (!process_) return;
  judge().reaches(frame);
  holders_.hears(frame);
  process_->control.push_back(std::move(frame));
  wake(world_.now());
}

void BrokerNode::subscription(std::shared_ptr<NotificationConnection> connection, bool arrives) {
  judge().subscription(connection->topic(), arrives);
  holders_.subscription(connection->topic(), arrives);
  process_->subscriptions.push_back({std::move(connection), arrives});
  wake(world_.now());
}

bool BrokerNode::link_connection(std::uint16_t port,
                                 std::shared_ptr<DeliveryConnection> connection) {
  const auto found = process_->links.find(port);
  if (found == process_->links.end()) return false;
  auto& link = found->second;
  if (link.session != connection->session() || link.generation != connection->generation())
    return false;
  if (std::exchange(link.used, true)) return false;
  for (auto& bytes : link.unsent) connection->deliver(std::move(bytes));
  link.unsent.clear();
  link.connection = std::move(connection);
  return true;
}

void BrokerNode::link_disconnection(const DeliveryConnection& connection) {
  if (!process_) return;
  for (auto& [port, link] : process_->links)
    if (link.connection.get() == &connection) link.connection = nullptr;
}

void BrokerNode::pause(Duration time) {
  if (!process_ || world_.now() < paused_until_) return;
  world_.trace([] { return std::string("broker: is paused"); });
  paused_until_ = world_.now() + time;
  judge().stands_still(world_.now(), paused_until_);
  holders_.stands_still(world_.now(), paused_until_);
  wake(paused_until_);
}

// --- turns ---------------------------------------------------------------------------------------

void BrokerNode::wake(Time when) {
  when = std::max(when, paused_until_);
  if (when >= wake_at_ || when == never) return;
  wake_at_ = when;
  world_.at(when, [this, when] {
    if (wake_at_ != when) return;
    wake_at_ = never;
    turn();
  });
}

void BrokerNode::turn() {
  if (finished_ || !process_) return;
  if (world_.now() < paused_until_) return wake(paused_until_);
  world_.trace([&] {
    return "broker: turn, " + std::to_string(process_->control.size()) + " control, " +
           std::to_string(process_->put.size()) + " put";
  });
  read_subscriptions();
  const bool control_dry = read_control();
  read_put();
  process_->dispatcher.end_turn(world_.now(), control_dry);
  carry_out();
  if (!process_) return;
  process_->dispatcher.core().check_invariants();
  wake(process_->control.empty() && process_->put.empty()
           ? process_->dispatcher.core().next_deadline()
           : world_.now() + 1us);
}

void BrokerNode::read_subscriptions() {
  for (auto& [connection, arrives] : std::exchange(process_->subscriptions, {})) {
    const auto frame =
        std::string(1, arrives ? '\1' : '\0') + std::string(connection->topic().view());
    process_->dispatcher.on_subscription(frame, world_.now());
    auto& connections = process_->subscribed[connection->topic()];
    if (arrives)
      connections.push_back(connection);
    else
      connections.erase(std::find(connections.begin(), connections.end(), connection));
  }
}

/// Sometimes a turn's time is up before all is read.
bool BrokerNode::read_control() {
  auto left = world_.random.chance(900) ? process_->control.size()
                                        : world_.random.below(process_->control.size() + 1);
  for (; left > 0; --left) {
    judge().reads(process_->control.front());
    process_->dispatcher.on_control(process_->control.front(), world_.now());
    process_->control.pop_front();
  }
  return process_->control.empty();
}

void BrokerNode::read_put() {
  auto left = world_.random.chance(900) ? process_->put.size()
                                        : world_.random.below(process_->put.size() + 1);
  for (; left > 0; --left) {
    judge().reads(process_->put.front());
    process_->dispatcher.on_put(process_->put.front(), world_.now());
    process_->put.pop_front();
  }
}

// --- what goes out -------------------------------------------------------------------------------

void BrokerNode::carry_out() {
  if (process_->dispatcher.effects().abandoned) {
    const auto& effects = process_->dispatcher.effects();
    PROMISE(effects.link_messages.empty() && effects.notifications.empty() &&
                effects.link_changes.empty() && effects.finished && effects.exit_code == 1,
            "a broker whose storage has failed ends, and tells nothing more");
    return end(false);
  }
  process_->dispatcher.carry_out(*this);
  judge().turn_ends(who_is_known(), process_->dispatcher.core().next_deadline() <= world_.now());
  const auto& effects = process_->dispatcher.effects();
  finished_ = effects.finished;
  exit_code_ = effects.exit_code;
}

void BrokerNode::before_sending(const broker::Effects& effects) {
  for (const auto& notification : effects.notifications) judge().refuses(notification.bytes);
  judge().sessions(who_is_known());
  for (const auto& notification : effects.notifications)
    judge().sends(notification.bytes, who_is_known());
}

void BrokerNode::log(const std::string& line) {
  world_.trace([&] { return "broker: " + line; });
}

void BrokerNode::open_link(const SessionId& session, std::uint32_t generation) {
  if (world_.faulty &&
      (world_.random.chance(link_failures_per_mille) || process_->links.size() >= most_links)) {
    judge().link_failed(session);
    return process_->dispatcher.core().link_failed(session, generation, world_.now());
  }
  process_->links[process_->next_port] = DeliveryLink{session, generation, {}, nullptr};
  judge().link_opened(session, generation);
  process_->dispatcher.core().link_opened(session, generation, process_->next_port++);
}

std::map<std::uint16_t, BrokerNode::DeliveryLink>::iterator BrokerNode::find_link(
    const SessionId& session, std::uint32_t generation) {
  return std::find_if(process_->links.begin(), process_->links.end(), [&](const auto& entry) {
    return entry.second.session == session && entry.second.generation == generation;
  });
}

void BrokerNode::close_link(const SessionId& session, std::uint32_t generation) {
  const auto found = find_link(session, generation);
  if (found == process_->links.end()) return;
  const auto connection = found->second.connection;
  process_->links.erase(found);
  if (connection) connection->cut();
}

void BrokerNode::send(broker::Effects::LinkMessage& message) {
  const auto payload = payload_of(message.bytes);
  PROMISE(check_entries(MessageType::deliveries, payload, message.count) == Refusal::none,
          "deliveries are valid");
  const auto found = find_link(message.session, message.generation);
  // Else it could not be opened, or is closed by now.
  const bool heard = found != process_->links.end();
  judge().message_begins();
  EntryReader in(payload);
  auto number = message.first;
  PutName before;
  for (Entry entry; in.next(entry); number += 1)
    if (entry.kind == EntryKind::delivery) {
      const auto delivery = read_delivery(entry, before);
      judge().delivery(message.session, message.generation, number, delivery, heard);
      before = delivery.put;
    } else if (heard && entry.kind == EntryKind::part) {
      judge().part(message.session, message.generation, number, entry.payload);
    } else if (heard) {
      judge().none(message.session, message.generation);
    }
  if (!heard) return;
  auto& link = found->second;
  if (link.connection)
    link.connection->deliver(std::move(message.bytes));
  else
    link.unsent.push_back(std::move(message.bytes));
}

void BrokerNode::send(broker::Effects::Notification& notification) {
  const auto found = process_->subscribed.find(notification.to);
  if (found == process_->subscribed.end()) return;
  const auto& connections = found->second;
  for (auto at = connections.begin(); at != connections.end(); ++at)
    if (std::find(connections.begin(), at, *at) == at)
      (*at)->deliver(notification.bytes);  // once, though its end may be unknown here
}

std::string BrokerNode::books() const {
  if (!process_) return "down";
  std::string text;
  auto& core = process_->dispatcher.core();
  for (const auto& [name, queue] : core.queues().all())
    text += name + ": put " + std::to_string(queue->put) + " ready " +
            std::to_string(queue->ready.size()) + " delayed " + std::to_string(queue->delayed) +
            " held " + std::to_string(queue->held) + " done " + std::to_string(queue->done) +
            " dead " + std::to_string(queue->dead) + " waiting " +
            std::to_string(queue->waiting.size()) + "; ";
  return text + std::to_string(core.session_count()) + " sessions";
}

}  // namespace baton::internal::simulation
