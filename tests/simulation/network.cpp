#include "tests/simulation/network.hpp"

#include <algorithm>
#include <utility>

namespace baton::internal::simulation {
namespace {

constexpr Duration fast = 100us;
constexpr Duration connecting = 5ms;             // at most, when nothing is wrong
constexpr Duration retry_soonest = 50ms;         // ZMQ_RECONNECT_IVL, while nobody listens
constexpr Duration retry_latest = 500ms;         // ZMQ_RECONNECT_IVL_MAX
constexpr std::uint64_t slowest_rate = 100'000;  // bytes per second
constexpr std::size_t largest_piece = 4096;      // of what goes over a bottleneck

Duration time_of(std::size_t bytes, std::uint64_t rate) {
  return std::chrono::nanoseconds(bytes * 1'000'000'000 / rate);
}

LineQuality draw_line(Random& random) {
  LineQuality quality;
  if (random.chance(500)) quality.lost = random.below(50);
  if (random.chance(500)) quality.doubled = random.below(50);
  if (random.chance(300)) quality.slowest = random.between(Duration(1ms), Duration(200ms));
  return quality;
}

}  // namespace

Lines draw_lines(Random& random, bool breaking) {
  LineQuality good;
  good.connecting = connecting;
  Lines lines{good, good, good, good};
  if (breaking)
    lines = {draw_line(random), draw_line(random), draw_line(random), draw_line(random)};
  if (breaking && random.chance(200))
    lines.notifications.connecting = 3s;  // it subscribes long after its hello
  if (random.chance(250))
    lines.put.rate = lines.link.rate = random.between(slowest_rate, 10 * slowest_rate);
  return lines;
}

// --- Bottleneck ----------------------------------------------------------------------------------

void Bottleneck::carry_for(std::shared_ptr<Pipe> pipe) {
  const auto same = [&](const std::weak_ptr<Pipe>& other) { return other.lock() == pipe; };
  if (std::none_of(pipes_.begin(), pipes_.end(), same)) pipes_.push_back(std::move(pipe));
  if (!std::exchange(busy_, true)) carry();
}

void Bottleneck::carry() {
  std::erase_if(pipes_, [](const std::weak_ptr<Pipe>& weak) {
    const auto pipe = weak.lock();
    return !pipe || pipe->is_carried();
  });
  busy_ = !pipes_.empty();
  if (!busy_) return;
  const auto bytes = world_.random.between(1, largest_piece);
  pipes_[world_.random.below(pipes_.size())].lock()->carried(bytes);
  world_.after(time_of(bytes, rate_), [this] { carry(); });
}

// --- Pipe ----------------------------------------------------------------------------------------

Fate Pipe::draw_fate(const std::string& bytes) const {
  if (world_.fate) return world_.fate(bytes);
  if (!world_.faulty) return {};
  return {world_.random.chance(quality_.lost), world_.random.chance(quality_.doubled),
          world_.random.chance(20) ? 20 * quality_.slowest : Duration::zero()};
}

void Pipe::send(std::string bytes) {
  const auto fate = draw_fate(bytes);
  if (fate.lost) return;
  if (fate.doubled) enqueue(bytes, {});
  enqueue(std::move(bytes), fate.late);
}

void Pipe::enqueue(std::string bytes, Duration late) {
  if (quality_.bottleneck) {
    const auto size = bytes.size();
    under_way_.push_back({never, std::move(bytes), size, late});
    return quality_.bottleneck->carry_for(shared_from_this());
  }
  free_at_ = std::max(free_at_, world_.now());
  if (quality_.rate > 0) free_at_ += time_of(bytes.size(), quality_.rate);
  under_way_.push_back({free_at_ + late + on_its_way(), std::move(bytes)});
  if (under_way_.size() == 1) expect_front();
}

std::deque<Pipe::Message>::const_iterator Pipe::to_carry() const {
  return std::find_if(under_way_.begin(), under_way_.end(),
                      [](const Message& message) { return message.due == never; });
}

void Pipe::carried(std::size_t bytes) {
  const auto next = static_cast<std::size_t>(to_carry() - under_way_.begin());
  auto& message = under_way_[next];
  message.to_carry -= std::min(message.to_carry, bytes);
  if (message.to_carry > 0) return;
  message.due = world_.now() + message.late + on_its_way();
  if (next == 0) expect_front();
}

void Pipe::expect_front() {
  if (under_way_.empty() || under_way_.front().due == never) return;
  world_.at(std::max(under_way_.front().due, not_before_),
            [self = shared_from_this(), turn = ++turn_] { self->arrive(turn); });
}

void Pipe::arrive(std::uint64_t turn) {
  if (turn != turn_ || under_way_.empty()) return;
  if (world_.now() < not_before_) return expect_front();
  auto bytes = std::move(under_way_.front().bytes);
  under_way_.pop_front();
  expect_front();
  if (receive_) receive_(std::move(bytes));
}

std::deque<std::string> Pipe::keep(std::size_t arriving) {
  std::deque<std::string> unwritten;
  const auto written = arriving + world_.random.below(under_way_.size() - arriving + 1);
  for (auto i = written; i < under_way_.size(); ++i)
    unwritten.push_back(std::move(under_way_[i].bytes));
  under_way_.resize(arriving);
  free_at_ = under_way_.empty() ? world_.now() : under_way_.back().due;
  if (under_way_.empty()) ++turn_;
  return unwritten;
}

/// Of a slow line's queue only what was sent arrives, not what waited to be.
std::deque<std::string> Pipe::lose() {
  std::size_t sent = 0;
  while (sent < under_way_.size() &&
         (quality_.rate == 0 || under_way_[sent].due <= world_.now() + 1s))
    ++sent;
  return keep(world_.random.below(sent + 1));
}

std::deque<std::string> Pipe::lose_all() { return keep(0); }

void Pipe::stall(Duration time) {
  not_before_ = world_.now() + time;
  expect_front();
}

void Pipe::close() {
  under_way_.clear();
  receive_ = nullptr;
}

// --- EndpointConnection --------------------------------------------------------------------------

void EndpointConnection::connect(Duration at_least) {
  const auto most = at_least > Duration::zero() ? retry_latest
                    : world_.faulty             ? quality_.connecting
                                                : connecting;
  world_.after(world_.random.between(std::max(fast, at_least), most),
               [self = shared_from_this()] { self->connected(); });
}

void EndpointConnection::connected() {
  if (closed_ || up_) return;
  if (!broker_.up()) return connect(retry_soonest);
  up_ = true;
  broker_.attach(weak_from_this());
  for (auto& bytes : std::exchange(waiting_, {})) pipe_->send(std::move(bytes));
}

void EndpointConnection::send(std::string bytes) {
  if (closed_) return;
  if (up_)
    pipe_->send(std::move(bytes));
  else
    waiting_.push_back(std::move(bytes));
}

void EndpointConnection::cut() {
  if (!up_ || closed_) return;
  up_ = false;
  waiting_ = pipe_->lose();
  connect();
}

void EndpointConnection::broker_gone() {
  auto unwritten = pipe_->lose_all();
  if (closed_ || !std::exchange(up_, false)) return;
  waiting_ = std::move(unwritten);
  connect(retry_soonest);
}

void EndpointConnection::close() {
  closed_ = true;
  waiting_.clear();
}

// --- NotificationConnection ----------------------------------------------------------------------

void NotificationConnection::connect(Duration at_least) {
  const auto most = at_least > Duration::zero() ? retry_latest
                    : world_.faulty             ? quality_.connecting
                                                : connecting;
  world_.after(world_.random.between(std::max(fast, at_least), most),
               [self = shared_from_this()] { self->connected(); });
}

void NotificationConnection::connected() {
  if (closed_ || up_) return;
  if (!broker_.up()) return connect(retry_soonest);
  up_ = true;
  life_ = broker_.life();
  broker_.attach(weak_from_this());
  broker_.subscription(shared_from_this(), true);
}

void NotificationConnection::deliver(const std::string& bytes) {
  if (up_ && !closed_) pipe_->send(bytes);
}

/// The broker sees it leave soon; rarely only after a while.
void NotificationConnection::leave() {
  if (!std::exchange(up_, false)) return;
  const auto late = world_.faulty && world_.random.chance(100) ? 2s : 5ms;
  world_.after(world_.random.between(fast, late), [self = shared_from_this(), life = life_] {
    if (self->broker_.up() && self->broker_.life() == life) self->broker_.subscription(self, false);
  });
}

void NotificationConnection::cut() {
  if (!up_ || closed_) return;
  pipe_->lose();
  leave();
  connect();
}

void NotificationConnection::broker_gone() {
  if (closed_ || !std::exchange(up_, false)) return;
  pipe_->lose();
  connect(retry_soonest);
}

void NotificationConnection::close() {
  closed_ = true;
  pipe_->close();
  leave();
}

// --- DeliveryConnection --------------------------------------------------------------------------

DeliveryConnection::DeliveryConnection(World& world, LineQuality quality, BrokerEnd& broker,
                                       ClientEnd& client, SessionId session,
                                       std::uint32_t generation)
    : world_(world),
      pipe_(std::make_shared<Pipe>(
          world, quality,
          [&client, generation](std::string bytes) { client.link(generation, std::move(bytes)); })),
      broker_(broker),
      client_(client),
      session_(session),
      generation_(generation) {}

void DeliveryConnection::connect(std::uint16_t port) {
  const auto slow = world_.faulty && world_.random.chance(50) ? Duration(2s) : connecting;
  world_.after(world_.random.between(fast, slow), [self = shared_from_this(), port] {
    if (self->closed_ || !self->broker_.up() || !self->broker_.link_connection(port, self)) return;
    self->client_.link_up(self->generation_);
  });
}

void DeliveryConnection::cut() {
  if (std::exchange(closed_, true)) return;
  pipe_->lose();
  broker_.link_disconnection(*this);
  world_.after(world_.random.between(fast, 5ms), [self = shared_from_this()] {
    self->pipe_->close();
    self->client_.link_down(self->generation_);
  });
}

void DeliveryConnection::close() {
  pipe_->close();
  if (std::exchange(closed_, true)) return;
  broker_.link_disconnection(*this);
}

}  // namespace baton::internal::simulation
