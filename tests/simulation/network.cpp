#include "tests/simulation/network.hpp"

#include <algorithm>

namespace baton::simulation {
namespace {

constexpr Duration fast = 100us;
constexpr Duration connecting = 5ms;  // at most, when nothing is wrong

}  // namespace

// --- Pipe --------------------------------------------------------------------------------------------------------

void Pipe::send(std::string bytes) {
  if (world_.faulty && world_.random.chance(quality_.lost)) return;
  if (world_.faulty && world_.random.chance(quality_.doubled)) enqueue(bytes);
  enqueue(std::move(bytes));
}

void Pipe::enqueue(std::string bytes) {
  const bool slow = world_.faulty && world_.random.chance(20);
  const auto due = world_.now() + world_.random.between(fast, slow ? 20 * quality_.slowest : quality_.slowest);
  under_way_.push_back({due, std::move(bytes)});
  if (under_way_.size() == 1) expect_front();
}

void Pipe::expect_front() {
  if (under_way_.empty()) return;
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

void Pipe::lose() {
  const auto arrived = world_.random.below(under_way_.size() + 1);
  under_way_.resize(arrived);
  if (under_way_.empty()) ++turn_;
}

void Pipe::stall(Duration time) {
  not_before_ = world_.now() + time;
  expect_front();
}

void Pipe::close() {
  under_way_.clear();
  receive_ = nullptr;
}

// --- DoorLink ----------------------------------------------------------------------------------------------------

void DoorLink::connect() {
  const auto delay = world_.random.between(fast, world_.faulty ? quality_.connecting : connecting);
  world_.after(delay, [self = shared_from_this()] {
    if (self->closed_) return;
    self->up_ = true;
    for (auto& bytes : self->waiting_) self->pipe_->send(std::move(bytes));
    self->waiting_.clear();
  });
}

void DoorLink::send(std::string bytes) {
  if (closed_) return;
  if (up_)
    pipe_->send(std::move(bytes));
  else
    waiting_.push_back(std::move(bytes));
}

void DoorLink::cut() {
  if (!up_ || closed_) return;
  up_ = false;
  pipe_->lose();
  connect();
}

void DoorLink::close() {
  closed_ = true;
  waiting_.clear();
}

// --- NewsLink ----------------------------------------------------------------------------------------------------

void NewsLink::connect() {
  const auto delay = world_.random.between(fast, world_.faulty ? quality_.connecting : connecting);
  world_.after(delay, [self = shared_from_this()] {
    if (self->closed_) return;
    self->up_ = true;
    ++self->connection_;
    self->broker_.subscription(self, true);
  });
}

void NewsLink::deliver(const std::string& bytes) {
  if (up_ && !closed_) pipe_->send(bytes);
}

/// The broker sees it leave soon; rarely only after a while.
void NewsLink::leave() {
  if (!std::exchange(up_, false)) return;
  const auto late = world_.faulty && world_.random.chance(100) ? 2s : 5ms;
  world_.after(world_.random.between(fast, late),
               [self = shared_from_this()] { self->broker_.subscription(self, false); });
}

void NewsLink::cut() {
  if (!up_ || closed_) return;
  pipe_->lose();
  leave();
  connect();
}

void NewsLink::close() {
  closed_ = true;
  pipe_->close();
  leave();
}

// --- LaneLink ----------------------------------------------------------------------------------------------------

LaneLink::LaneLink(World& world, LineQuality quality, BrokerEnd& broker, ClientEnd& client, std::uint32_t generation)
    : world_(world),
      pipe_(std::make_shared<Pipe>(
          world, quality, [&client, generation](std::string bytes) { client.lane(generation, std::move(bytes)); })),
      broker_(broker),
      client_(client),
      generation_(generation) {}

void LaneLink::connect(std::uint16_t port) {
  const auto slow = world_.faulty && world_.random.chance(50) ? Duration(2s) : connecting;
  world_.after(world_.random.between(fast, slow), [self = shared_from_this(), port] {
    if (self->closed_ || !self->broker_.lane_connection(port, self)) return;
    self->client_.lane_up(self->generation_);
  });
}

void LaneLink::cut() {
  if (std::exchange(closed_, true)) return;
  pipe_->lose();
  broker_.lane_disconnection(*this);
  world_.after(world_.random.between(fast, 5ms), [self = shared_from_this()] {
    self->pipe_->close();
    self->client_.lane_down(self->generation_);
  });
}

void LaneLink::close() {
  pipe_->close();
  if (std::exchange(closed_, true)) return;
  broker_.lane_disconnection(*this);
}

}  // namespace baton::simulation
