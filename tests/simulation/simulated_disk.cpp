#include "tests/simulation/simulated_disk.hpp"

#include <utility>

namespace baton::internal::simulation {
namespace {

constexpr Duration try_again = 500ms;
constexpr std::int64_t epoch_of_wall = 1'700'000'000'000;

}  // namespace

void DiskBatch::absorb(DiskBatch later) {
  for (const auto id : later.erased)
    if (puts.erase(id) == 0) erased.insert(id);
  puts.merge(later.puts);
  for (auto& [index, name] : later.queues) queues[index] = std::move(name);
  for (auto& [index, producer] : later.producers) producers[index] = std::move(producer);
  for (auto& [id, state] : later.states) states[id] = std::move(state);
  ticket = later.ticket;
  last = later.last;
}

void SimulatedDisk::clock_jumps(Duration by) {
  world_.trace([&] { return "the wall clock jumps by " + std::to_string(by / 1ms) + " ms"; });
  wall_ahead_ += by;
  jumped_ += by;
}

void SimulatedDisk::note(const StorageClock::Reading& clock) {
  noted_ = clock;
  noted_at_ = world_.now();
  jumped_ = {};
}

UnixMs SimulatedDisk::wall() const {
  const auto since = world_.now().time_since_epoch() + wall_ahead_;
  return static_cast<UnixMs>(epoch_of_wall +
                             std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

void SimulatedDisk::begin(BrokerInstance broker_instance, ItemId last,
                          std::function<void()> on_durable) {
  rows_.broker_instance = broker_instance_ = broker_instance;
  rows_.last = pending_.last = last;
  on_durable_ = std::move(on_durable);
}

void SimulatedDisk::submit(DiskBatch batch) {
  pending_.absorb(std::move(batch));
  under_way_ = true;
  expect(world_.random.between(Duration::zero(), slowest_));
}

/// A try to write what waits; while the disk is full there is another one now and then.
void SimulatedDisk::expect(Duration delay) {
  world_.after(delay, [this, turn = ++try_, process = process_] {
    if (process != process_ || turn != try_) return;
    under_way_ = false;
    write();
    on_durable_();
    if (!durable_.held.empty()) expect(try_again);
  });
}

void SimulatedDisk::write() {
  if (full()) return write_settles();
  const auto ticket = pending_.ticket;
  rows_.items.merge(pending_.puts);
  for (auto& [index, name] : pending_.queues) {
    if (name)
      rows_.queues[index] = *name;
    else
      rows_.queues.erase(index);
  }
  for (auto& [index, producer] : pending_.producers) {
    if (producer)
      rows_.producers[index] = *producer;
    else
      rows_.producers.erase(index);
  }
  write_settles();
  const auto last = pending_.last;
  pending_ = {};
  pending_.ticket = ticket;
  pending_.last = last;
  durable_ = {ticket, ticket, {}};
  settles_only_ = false;
}

void SimulatedDisk::write_settles() {
  settles_only_ = settles_only_ || !pending_.erased.empty() || !pending_.states.empty();
  for (const auto id : pending_.erased) rows_.items.erase(id);
  for (auto& [id, state] : pending_.states) {
    if (state)
      rows_.states[id] = *state;
    else
      rows_.states.erase(id);
  }
  pending_.erased.clear();
  pending_.states.clear();
  rows_.broker_instance = broker_instance_;
  rows_.last = pending_.last;
  durable_.settles = pending_.ticket;
  durable_.held = "the disk is full";
}

void SimulatedDisk::end(bool in_order) {
  if (under_way_ && (in_order || world_.random.chance(500))) write();
  lost_counts_ = lost_counts_ || settles_only_;
  ++process_;
  on_durable_ = nullptr;
  under_way_ = settles_only_ = false;
  pending_ = {};
  durable_ = {};
}

}  // namespace baton::internal::simulation
