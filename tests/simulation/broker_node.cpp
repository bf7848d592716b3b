#include "tests/simulation/broker_node.hpp"

#include <algorithm>
#include <utility>

namespace baton::simulation {

// --- WatchedStorage ----------------------------------------------------------------------------------------------

void WatchedStorage::put(const Record& record, std::string_view body) {
  changed_ = true;
  judge_.stored(record, body);
  memory_.put(record, body);
}

void WatchedStorage::update(const Record& record, const std::vector<broker::Attempt>&) {
  changed_ = true;
  judge_.updated(record);
}

void WatchedStorage::erase(ItemId id) {
  changed_ = true;
  judge_.erased(id);
  memory_.erase(id);
}

broker::Ticket WatchedStorage::commit() {
  if (!std::exchange(changed_, false)) return last_;
  if (lag_ == Duration::zero()) return durable_ = ++last_;
  world_.after(world_.random.between(Duration::zero(), lag_), [this, ticket = ++last_] {
    durable_ = std::max(durable_, ticket);
    on_durable();
  });
  return last_;
}

// --- what comes in -----------------------------------------------------------------------------------------------

BrokerNode::BrokerNode(World& world, ItemJudge& items, AskJudge& asks, const broker::Settings& settings,
                       Duration storage_lag)
    : world_(world),
      items_(items),
      asks_(asks),
      storage_(world, items, storage_lag),
      front_(settings, Epoch{world.random.below(UINT64_MAX) + 1}, storage_, world.now()) {
  storage_.on_durable = [this] { wake(world_.now()); };
  wake(world.now());
}

void BrokerNode::put(std::string frame) {
  put_.push_back(std::move(frame));
  wake(world_.now());
}

void BrokerNode::control(std::string frame) {
  control_.push_back(std::move(frame));
  wake(world_.now());
}

void BrokerNode::subscription(std::shared_ptr<NewsLink> link, bool arrives) {
  subscriptions_.push_back({std::move(link), arrives});
  wake(world_.now());
}

bool BrokerNode::lane_connection(std::uint16_t port, std::shared_ptr<LaneLink> link) {
  const auto found = lanes_.find(port);
  if (found == lanes_.end() || std::exchange(found->second.used, true)) return false;
  auto& lane = found->second;
  for (auto& bytes : lane.unsent) link->deliver(std::move(bytes));
  lane.unsent.clear();
  lane.link = std::move(link);
  return true;
}

void BrokerNode::lane_disconnection(const LaneLink& link) {
  for (auto& [port, lane] : lanes_)
    if (lane.link.get() == &link) lane.link = nullptr;
}

void BrokerNode::pause(Duration time) {
  paused_until_ = world_.now() + time;
  wake(paused_until_);
}

// --- turns -------------------------------------------------------------------------------------------------------

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
  if (finished_) return;
  if (world_.now() < paused_until_) return wake(paused_until_);
  world_.trace([&] {
    return "broker: turn, " + std::to_string(control_.size()) + " control, " + std::to_string(put_.size()) + " put";
  });
  read_subscriptions();
  const bool control_dry = read_control();
  read_put();
  front_.end_turn(world_.now(), control_dry);
  carry_out();
  front_.core().check_invariants();
  wake(control_.empty() && put_.empty() ? front_.core().next_deadline() : world_.now() + 1us);
}

void BrokerNode::read_subscriptions() {
  for (auto& [link, arrives] : std::exchange(subscriptions_, {})) {
    const auto frame = std::string(1, arrives ? '\1' : '\0') + std::string(link->topic().view());
    front_.on_subscription(frame, world_.now());
    auto& links = subscribed_[link->topic()];
    if (arrives)
      links.push_back(link);
    else
      links.erase(std::find(links.begin(), links.end(), link));
  }
}

/// Sometimes a turn's time is up before all is read.
bool BrokerNode::read_control() {
  auto left = world_.random.chance(900) ? control_.size() : world_.random.below(control_.size() + 1);
  for (; left > 0; --left) {
    front_.on_control(control_.front(), world_.now());
    control_.pop_front();
  }
  return control_.empty();
}

void BrokerNode::read_put() {
  auto left = world_.random.chance(900) ? put_.size() : world_.random.below(put_.size() + 1);
  for (; left > 0; --left) {
    front_.on_put(put_.front(), world_.now());
    put_.pop_front();
  }
}

// --- what goes out -----------------------------------------------------------------------------------------------

void BrokerNode::carry_out() {
  auto& effects = front_.effects();
  for (const auto& change : std::exchange(effects.lane_changes, {})) {
    if (change.open)
      open_lane(change);
    else
      close_lane(change.session, change.generation);
  }
  for (auto& message : effects.lane_messages) send_lane(message);
  items_.turn_ends();
  for (const auto& news : effects.news) send_news(news);
  for (const auto& line : effects.log) world_.trace([&] { return "broker: " + line; });
  finished_ = effects.finished;
  exit_code_ = effects.exit_code;
  effects.clear();
}

void BrokerNode::open_lane(const broker::Effects::LaneChange& change) {
  if (world_.faulty && world_.random.chance(lane_failures_per_mille))
    return front_.core().lane_failed(change.session, change.generation, world_.now());
  lanes_[next_port_] = Lane{change.session, change.generation, {}, nullptr};
  front_.core().lane_opened(change.session, change.generation, next_port_++);
}

std::map<std::uint16_t, BrokerNode::Lane>::iterator BrokerNode::find_lane(const SessionId& session,
                                                                          std::uint32_t generation) {
  return std::find_if(lanes_.begin(), lanes_.end(), [&](const auto& entry) {
    return entry.second.session == session && entry.second.generation == generation;
  });
}

void BrokerNode::close_lane(const SessionId& session, std::uint32_t generation) {
  const auto found = find_lane(session, generation);
  if (found == lanes_.end()) return;
  const auto link = found->second.link;
  lanes_.erase(found);
  if (link) link->cut();
}

void BrokerNode::send_lane(broker::Effects::LaneMessage& message) {
  write_header(message.bytes.data(),
               {MessageType::handoff, message.count, front_.core().epoch(), message.session, message.first});
  const auto payload = payload_of(message.bytes);
  require(check_entries(MessageType::handoff, payload, message.count) == Refusal::none, "hand-offs are valid");
  const auto found = find_lane(message.session, message.generation);
  const bool heard = found != lanes_.end();  // else it could not be opened, or is closed by now
  items_.message_begins();
  EntryReader in(payload);
  for (Entry entry; in.next(entry);)
    if (entry.kind == EntryKind::given) items_.given(message.session, read_given(entry), heard);
  if (!heard) return;
  asks_.answered(message.session, message.generation, message.count);
  auto& lane = found->second;
  if (lane.link)
    lane.link->deliver(std::move(message.bytes));
  else
    lane.unsent.push_back(std::move(message.bytes));
}

void BrokerNode::send_news(const broker::Effects::News& news) {
  const auto found = subscribed_.find(news.to);
  if (found == subscribed_.end()) return;
  const auto& links = found->second;
  for (auto at = links.begin(); at != links.end(); ++at)
    if (std::find(links.begin(), at, *at) == at)
      (*at)->deliver(news.bytes);  // once, though its end may be unknown here
}

std::string BrokerNode::books() const {
  std::string text;
  auto& core = const_cast<broker::Front&>(front_).core();
  for (const auto& [name, queue] : core.stock().queues())
    text += name + ": put " + std::to_string(queue->put) + " ready " + std::to_string(queue->ready.size()) +
            " delayed " + std::to_string(queue->delayed) + " held " + std::to_string(queue->held) + " done " +
            std::to_string(queue->done) + " dead " + std::to_string(queue->dead) + " waiting " +
            std::to_string(queue->waiting.size()) + "; ";
  return text + std::to_string(core.session_count()) + " sessions";
}

}  // namespace baton::simulation
